"""HTML representations in notebooks: without scripts and colours, for light and dark themes."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

_CELL = "text-align:{side};padding:2px 8px;white-space:nowrap"


def card(title: str, *parts: str) -> str:
    """Return a title with its content below.

    Args:
        title: Plain text.
        parts: HTML; empty parts are omitted.
    """
    below = "".join(f'<div style="margin:6px 0">{part}</div>' for part in parts if part)
    return f'<div style="font-family:sans-serif;font-size:13px"><b>{html.escape(title)}</b>{below}</div>'


def paragraph(text: str) -> str:
    """Return plain text as HTML."""
    return f"<div>{html.escape(text)}</div>"


def side_by_side(*parts: str) -> str:
    """Return parts side by side, or one below the other if there is not enough room."""
    each = "".join(f"<div>{part}</div>" for part in parts if part)
    return f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{each}</div>'


def image(data: bytes, kind: str, description: str, width: int) -> str:
    """Return an image that is embedded in the page.

    Args:
        data: The bytes of the image file.
        kind: Its media type, such as `image/png`.
        description: Alternative text of the image.
        width: Width in pixels of the page.
    """
    source = base64.b64encode(data).decode("ascii")
    described = html.escape(description, quote=True)
    return f'<img alt="{described}" src="data:{kind};base64,{source}" style="width:{width}px;max-width:100%">'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of plain texts; the first column is left-aligned, the others are right-aligned."""

    def row(cells: Sequence[str], tag: str) -> str:
        return "".join(
            f'<{tag} style="{_CELL.format(side="right" if place else "left")}">{html.escape(cell)}</{tag}>'
            for place, cell in enumerate(cells)
        )

    body = "".join(f"<tr>{row(cells, 'td')}</tr>" for cells in rows)
    return (
        '<table style="border-collapse:collapse"><thead>'
        f"<tr>{row(header, 'th')}</tr></thead><tbody>{body}</tbody></table>"
    )
