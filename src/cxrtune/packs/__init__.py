"""Packs: images that are decoded once and then read from disk as a memory map."""
