"""The network, its parts, its weights and its file."""
