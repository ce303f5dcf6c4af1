"""Probabilities that mean what they say: maps to calibrated ones, and how good they are."""
