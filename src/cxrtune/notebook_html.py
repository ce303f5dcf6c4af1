"""What objects show of themselves in a notebook: HTML without scripts and colours, on light and on dark."""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence

_CELL = "text-align:{side};padding:2px 8px;white-space:nowrap"


def card(title: str, *parts: str) -> str:
    """Return a title with what belongs to it below.

    Args:
        title: Plain text.
        parts: HTML; empty ones are left out.
    """
    below = "".join(f'<div style="margin:6px 0">{part}</div>' for part in parts if part)
    return f'<div style="font-family:sans-serif;font-size:13px"><b>{html.escape(title)}</b>{below}</div>'


def paragraph(text: str) -> str:
    """Return plain text as HTML."""
    return f"<div>{html.escape(text)}</div>"


def side_by_side(*parts: str) -> str:
    """Return parts beside each other, below each other where there is no room."""
    each = "".join(f"<div>{part}</div>" for part in parts if part)
    return f'<div style="display:flex;flex-wrap:wrap;gap:16px;align-items:flex-start">{each}</div>'


def image(data: bytes, kind: str, description: str, width: int) -> str:
    """Return an image that stands in the page itself.

    Args:
        data: The file's bytes.
        kind: Its media type, such as `image/png`.
        description: What it shows, for those who do not see it.
        width: In pixels of the page.
    """
    source = base64.b64encode(data).decode("ascii")
    described = html.escape(description, quote=True)
    return f'<img alt="{described}" src="data:{kind};base64,{source}" style="width:{width}px;max-width:100%">'


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table of plain texts; the first column is flush left, the others flush right."""

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
