"""The feature bank: the trunk's output of every view, computed once and kept on disk.

Rows are the readable images of the cohort's training part, then those of its validation part.
View 0 is every row's plain image; views 1 and up are augmented and of the training part only.
"""
