"""OpenVINO without telemetry: software that runs in a hospital must not connect to the internet.

OpenVINO and NNCF send an event over the internet whenever they are imported or used, unless the telemetry
package cannot be imported; both then work without it.
"""

import sys

# None makes Python refuse to import the module.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

__all__ = ["openvino"]
