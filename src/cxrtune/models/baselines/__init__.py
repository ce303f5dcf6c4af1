"""Baseline models, to which a fine-tuned model is compared."""

XRV_PREFIX = "xrv:"
"""The prefix of the names of TorchXRayVision models."""
