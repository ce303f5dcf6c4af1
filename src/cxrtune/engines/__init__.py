"""Ways to run a network that is not being trained: torch, or OpenVINO where there is only a CPU."""
