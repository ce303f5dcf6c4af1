"""What is wrong with a data folder: every problem at once, each with its file and what to do about it."""
