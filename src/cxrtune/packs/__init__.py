"""Decoded pixels on disk: decoded once, then read as a memory map."""
