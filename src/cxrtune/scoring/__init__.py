"""A model and images -> predictions."""
