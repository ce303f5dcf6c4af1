"""Sentences about the run, in the past tense, each None where its facts are not known.

Methods and checklists are made of the same sentences, so that they cannot contradict each other.
"""
