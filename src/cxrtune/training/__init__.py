"""Fine-tune the trainable layers on the stored output of the backbone."""
