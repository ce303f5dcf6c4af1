"""The models that a fine-tuned one is compared with."""

XRV_PREFIX = "xrv:"
"""What stands before the name of a model of TorchXRayVision."""
