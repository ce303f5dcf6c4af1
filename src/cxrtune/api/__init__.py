"""What `import cxrtune` gives: typed and documented objects over the rooms below, for scripts and notebooks.

Nothing is computed here: a call is put together, made, and what comes back is shown.
"""
