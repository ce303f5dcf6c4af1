"""Fine-tuning the tail on the trunk's stored output."""
