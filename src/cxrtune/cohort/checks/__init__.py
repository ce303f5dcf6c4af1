"""Checks of a data folder that report every problem at once, each with its file and a remedy."""
