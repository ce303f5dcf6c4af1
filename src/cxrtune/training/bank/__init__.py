"""The feature bank: the backbone's output for every view, computed once and kept on disk.

Rows are the readable images of the cohort's training part, followed by those of its validation part.
View 0 is the plain image of every row; views 1 and up are augmented and cover the training part only.
"""
