"""Plain text from other stages, set for the page."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_QUOTED_COMMAND = re.compile(r"`([^`]+)`")


def prose(text: str) -> Markup:
    """Escape a text, and set what stands between backticks as code, which is how stages quote commands."""
    return Markup(_QUOTED_COMMAND.sub(r"<code>\1</code>", str(escape(text))))
