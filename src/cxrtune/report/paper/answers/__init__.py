"""Answers to the items of reporting guidelines, each a function of the facts; used by both checklists."""
