"""Statistics from tables of labels and predictions; independent of the networks that made them."""
