"""Cohorts of one's own: any CSV table + a folder of images, by a map that says what the columns mean."""
