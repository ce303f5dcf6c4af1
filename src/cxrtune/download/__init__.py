"""Public data sets: from their publishers' links to a folder that the other commands read."""
