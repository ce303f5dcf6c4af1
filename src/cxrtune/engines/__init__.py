"""Run a network for inference: torch, OpenVINO and ONNX Runtime."""
