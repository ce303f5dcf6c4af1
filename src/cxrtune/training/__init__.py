"""Fine-tune the trainable layers on stored backbone output."""
