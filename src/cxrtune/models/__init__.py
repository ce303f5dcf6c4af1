"""The network, its parts, its weights and the model file."""
