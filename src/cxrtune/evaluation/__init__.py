"""Numbers from tables of labels and predictions; nothing here knows of networks."""
