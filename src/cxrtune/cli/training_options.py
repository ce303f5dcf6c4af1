"""The options of a recipe and of a training, which `train`, `run` and others share."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Literal

import typer

if TYPE_CHECKING:
    from cxrtune.training.fine_tuning import Circumstances

RecipeName = Annotated[
    str, typer.Option("--recipe", help="A recipe's YAML file, or the name of a shipped one.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option(
        "--set", metavar="KEY=VALUE", help="Change one key of the recipe, such as training.epochs=3."
    ),
]
Protocol = Annotated[str | None, typer.Option("--protocol", help="nih8 or nih14; otherwise the recipe's.")]
Weights = Annotated[
    str | None, typer.Option("--weights", help="imagenet, random, or a weights file; otherwise the recipe's.")
]
Bank = Annotated[
    Literal["on", "off"] | None,
    typer.Option(
        "--bank",
        help="off: keep no features on disk; run the whole network on augmented pixels in every epoch.",
    ),
]
Views = Annotated[
    int | None, typer.Option("--views", min=1, help="Views of each training image in the bank.")
]
BankPrecision = Annotated[
    Literal["float32", "bfloat16", "int8"] | None,
    typer.Option("--bank-precision", help="Arithmetic that the bank is built with."),
]
EngineOption = Annotated[
    Literal["auto", "torch", "openvino"] | None,
    typer.Option("--engine", help="What builds the bank; auto is the fastest here."),
]
Resume = Annotated[
    bool,
    typer.Option("--resume/--no-resume", help="Go on where the same training was killed, or begin anew."),
]
Tracker = Annotated[
    list[str] | None,
    typer.Option("--tracker", metavar="tensorboard|mlflow", help="Also tell this tool of every epoch."),
]
Devices = Annotated[
    int, typer.Option("--devices", min=1, help="GPUs a machine; without one, processes on the CPU.")
]
NumNodes = Annotated[int, typer.Option("--num-nodes", min=1, help="Machines that train together.")]


def setting(key: str, text: str) -> str:
    """Return an override that sets a key to just this text, whatever YAML would make of it."""
    return f"{key}={json.dumps(text, ensure_ascii=False)}"


def overrides_of(
    overrides: Sequence[str] | None,
    *,
    weights: str | None,
    bank: str | None,
    views: int | None,
    bank_precision: str | None,
    engine: str | None,
    protocol: str | None = None,
) -> list[str]:
    """Return all that the command line changes in a recipe; an option goes before a `--set` of its key."""
    texts = {
        "protocol": protocol,
        "weights": weights,
        "bank.store": {"on": "disk", "off": "none", None: None}[bank],
        "bank.precision": bank_precision,
        "bank.engine": engine,
    }
    changes = [setting(key, text) for key, text in texts.items() if text]
    return [*(overrides or ()), *changes, *([f"bank.views={views}"] if views else [])]


def circumstances_of(
    trackers: Sequence[str] | None, *, resume: bool, devices: int, num_nodes: int
) -> Circumstances:
    """Return where and how a training runs.

    Raises:
        UsageError: There is no such tracker.
    """
    from cxrtune.training.fine_tuning import Circumstances
    from cxrtune.training.metrics import tracker_names
    from cxrtune.training.team import Machines

    return Circumstances(Machines(devices, num_nodes), tracker_names(trackers or ()), resume)
