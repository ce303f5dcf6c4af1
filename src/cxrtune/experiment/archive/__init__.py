"""Scoring archives: millions of images in fixed shards, on this machine or on a Ray cluster."""
