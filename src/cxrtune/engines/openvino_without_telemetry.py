"""OpenVINO, kept from reporting its use to its makers: what runs in a hospital calls nobody.

OpenVINO and NNCF send an event over the internet whenever they are imported or used, unless the
package that does so cannot be imported; both then go on without.
"""

import sys

# None is Python's own mark for a module that must not be imported.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]

import openvino  # noqa: E402

__all__ = ["openvino"]
