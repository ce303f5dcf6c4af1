"""Convert a figure's SVG file to markup for use inside the page.

The white background is removed, colours become the page's custom properties (and so follow its
light or dark scheme), the typeface becomes the page's, unreferenced ids are removed, and the
others get a prefix, since several figures share one page.
"""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from markupsafe import Markup

from cxrtune.report.figures.style import BACKGROUND_ID, HUES

_NAMESPACE = re.compile(r"^\{[^}]*\}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)")
_TYPEFACE = re.compile(r"font-family:[^;]*;?\s*")
_FONT = re.compile(r"font:\s*(?P<face>[^;]*?)(?P<size>[\d.]+px)[^;]*")


def inline_svg(path: Path, *, prefix: str, description: str) -> Markup:
    """Return a figure as one `<svg>` element for an HTML page.

    Args:
        path: An SVG file written by `save_figure`.
        prefix: Prefix that distinguishes this figure's ids from those of the page's other figures.
        description: Text for screen readers.
    """
    root = ElementTree.parse(path).getroot()
    _strip(root)
    _localise(root)
    _rename_ids(root, prefix)
    for element in root.iter():
        if style := element.get("style"):
            element.set("style", _page_style(style))
    for name in ("width", "height", "version"):
        root.attrib.pop(name, None)
    # Matplotlib writes this in a style sheet, which would apply to every other drawing in the page.
    root.set("stroke-linejoin", "round")
    root.set("role", "img")
    root.set("aria-label", description)
    # ElementTree escapes text and attributes, so that the result is safe with any names.
    return Markup(ElementTree.tostring(root, encoding="unicode", short_empty_elements=True))


def _strip(root: ElementTree.Element) -> None:
    for parent in list(root.iter()):
        for child in list(parent):
            if _local(child.tag) in ("metadata", "style") or child.get("id") == BACKGROUND_ID:
                parent.remove(child)


def _localise(root: ElementTree.Element) -> None:
    """Remove namespaces: inside HTML, svg elements and `href` need none."""
    for element in root.iter():
        element.tag = _local(element.tag)
        for name in [name for name in element.attrib if name.startswith("{")]:
            element.set(_local(name), element.attrib.pop(name))


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    pointed_to = {
        target
        for element in root.iter()
        for name, value in element.attrib.items()
        for target in ([value[1:]] if name == "href" else _REFERENCE.findall(value))
    }
    for element in root.iter():
        for name, value in list(element.attrib.items()):
            if name == "id" and value not in pointed_to:
                del element.attrib[name]
            elif name == "id":
                element.set(name, f"{prefix}-{value}")
            elif name == "href":
                element.set(name, f"#{prefix}-{value[1:]}")
            else:
                element.set(name, _REFERENCE.sub(rf"url(#{prefix}-\1)", value))


def _page_style(style: str) -> str:
    style = _TYPEFACE.sub("", _FONT.sub(r"font: \g<face>\g<size> var(--sans)", style))
    for hue in HUES:
        style = style.replace(hue.light, f"var(--{hue.name})")
    return style


def _local(tag: str) -> str:
    return _NAMESPACE.sub("", tag)
