"""Cohorts from your own data: any CSV table and a folder of images, with a map of the columns."""
