"""Answers to what reporting guidelines ask, each a function of the facts; both checklists use them."""
