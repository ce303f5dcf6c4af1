"""Sentences about the run, in the past tense; each function returns None if its facts are not known.

Methods and checklists use the same sentences, so that they cannot contradict each other.
"""
