"""The Python API: typed and documented objects on top of the other packages, for scripts and notebooks.

Nothing is computed here: arguments are checked, the other packages are called, and results are shown.
"""
