"""Draw the house's layers from its imports: `make house` writes docs/images/house.svg.

Rows are the layers of the contract in pyproject.toml, boxes the rooms, with their docstrings' first words. An
arrow goes from a room to one that it imports; arrows that follow from others are left out, and so are those
to the modules at the bottom.
"""

from __future__ import annotations

import ast
import itertools
import re
import textwrap
import tomllib
from random import Random

import grimp

from house import PACKAGE, SOURCES, House

IMAGE = SOURCES.parent / "docs/images/house.svg"
WIDTH, MARGIN = 960, 24
ROW, COLUMNS = 88, 9
BOX_WIDTH, BOX_HEIGHT = 184, 54
APART = 2.2
"""Columns between the middles of two boxes of one row."""
BESIDE = 1.3
"""Columns between the middle of a box and an arrow that passes it."""

Columns = dict[str, int]
Arrow = tuple[str, str]


def layers() -> list[list[str]]:
    """Return the contract's layers from the top, the names of one layer together."""
    settings = tomllib.loads((SOURCES.parent / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = settings["tool"]["importlinter"]["contracts"]
    (contract,) = [contract for contract in contracts if contract.get("containers") == [PACKAGE]]
    return [[name.strip() for name in layer.split("|")] for layer in contract["layers"]]


def arrows_of(graph: grimp.ImportGraph, rooms: set[str]) -> list[Arrow]:
    """Return who imports whom, without what another arrow's end imports already."""
    names = {f"{PACKAGE}.{room}": room for room in rooms}
    for name in names:
        graph.squash_module(name)
    below = {
        room: {names[found] for found in graph.find_modules_directly_imported_by(name) if found in names}
        - {room}
        for name, room in names.items()
    }

    def reached(room: str) -> set[str]:
        return below[room].union(*map(reached, below[room]))

    return [
        (room, other)
        for room in sorted(rooms)
        for other in sorted(below[room])
        if not any(other in reached(between) for between in below[room] - {other})
    ]


def cost(columns: Columns, level: dict[str, int], arrows: list[Arrow]) -> float:
    """Say how hard an image is to read: arrows over boxes and arrows, long ones, balance."""
    total = sum(abs(column - COLUMNS // 2) for column in columns.values()) / 20
    slopes = {
        (room, other): (columns[other] - columns[room]) / (level[other] - level[room])
        for room, other in arrows
    }

    def at(arrow: Arrow, row: int) -> float:
        return columns[arrow[0]] + slopes[arrow] * (row - level[arrow[0]])

    for arrow in arrows:
        room, other = arrow
        total += abs(columns[other] - columns[room]) / 10
        passed = (name for name in level if level[room] < level[name] < level[other])
        total += 20 * sum(abs(at(arrow, level[name]) - columns[name]) < BESIDE for name in passed)
    for one, two in itertools.combinations(arrows, 2):
        top, end = max(level[one[0]], level[two[0]]), min(level[one[1]], level[two[1]])
        if top < end and one[0] != two[0] and one[1] != two[1]:
            total += (at(one, top) - at(two, top)) * (at(one, end) - at(two, end)) < 0
    return total


def placed(rows: list[list[str]], arrows: list[Arrow]) -> Columns:
    """Choose the rooms' columns: row by row, until no other choice of one row is easier to read."""
    level = {name: number for number, row in enumerate(rows) for name in row}
    choices = [
        [
            dict(zip(row, chosen, strict=True))
            for chosen in itertools.permutations(range(COLUMNS), len(row))
            if all(abs(one - two) >= APART for one, two in itertools.combinations(chosen, 2))
        ]
        for row in rows
    ]
    random, found = Random(0), []
    for _ in range(30):
        columns = {name: column for choice in choices for name, column in random.choice(choice).items()}
        best, before = cost(columns, level, arrows), float("inf")
        while best < before:
            before = best
            for choice in itertools.chain.from_iterable(choices):
                moved = columns | choice
                if (now := cost(moved, level, arrows)) < best:
                    best, columns = now, moved
        found.append((best, sorted(columns.items())))
    return dict(min(found)[1])


def drawn(house: House) -> str:
    """Return the image as SVG."""
    graph = house.graph()
    rooms = {name for layer in layers() for name in layer if graph.find_children(f"{PACKAGE}.{name}")}
    rows = [row for layer in layers() if (row := [name for name in layer if name in rooms])]
    leaves = [name for layer in layers() for name in layer if name not in rooms]
    arrows = arrows_of(graph, rooms)
    step = (WIDTH - 2 * MARGIN - BOX_WIDTH) / (COLUMNS - 1)
    middles = {room: MARGIN + BOX_WIDTH / 2 + step * at for room, at in placed(rows, arrows).items()}
    tops = {room: MARGIN + ROW * number for number, row in enumerate(rows) for room in row}
    parts = [
        f"<line x1='{middles[room]:.0f}' y1='{tops[room] + BOX_HEIGHT}' x2='{middles[other]:.0f}'"
        f" y2='{tops[other] - 2}' stroke='#889' stroke-width='1.3' marker-end='url(#end)'/>"
        for room, other in arrows
    ]
    words = {module.name.removesuffix("/__init__"): module.text for module in house.modules}
    parts += [_box(room, words[room], middles[room], tops[room]) for row in rows for room in row]
    bottom = MARGIN + len(rows) * ROW
    parts.append(_leaves(leaves, bottom))
    size = f"width='{WIDTH}' height='{bottom + 109}'"
    head = [
        f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {bottom + 109}' {size}>",
        "<title>The packages of cxrtune, each above those that it imports</title>",
        "<defs><marker id='end' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7'"
        " orient='auto'><path d='M0 0 L8 4 L0 8 z' fill='#667'/></marker></defs>",
        f"<rect {size} fill='#fff'/>",
    ]
    return "\n".join([*head, *parts, "</svg>\n"])


def _box(room: str, source: str, middle: float, top: int) -> str:
    first = re.split(r"[:;.]", ast.get_docstring(ast.parse(source)) or "")[0]
    lines = textwrap.wrap(first, 31, max_lines=2, placeholder=" ...")
    return (
        _rectangle(middle - BOX_WIDTH / 2, top, BOX_WIDTH, BOX_HEIGHT, "fill='#e8eef7' stroke='#456'")
        + _text(middle, top + 18, f"{room}/", "font-size='14' font-weight='bold' fill='#123'")
        + "".join(
            _text(middle, top + 33 + 13 * number, line, "font-size='10.5' fill='#456'")
            for number, line in enumerate(lines)
        )
    )


def _leaves(names: list[str], top: int) -> str:
    title = "modules that every room above may import"
    return "".join(
        [
            _rectangle(MARGIN, top, WIDTH - 2 * MARGIN, 85, "fill='#f4f1e8' stroke='#875'"),
            _text(WIDTH / 2, top + 20, title, "font-size='13' font-weight='bold' fill='#432'"),
            *(
                _text(WIDTH / 2, top + 42 + 17 * number, line, "font-size='12' fill='#345'")
                for number, line in enumerate(textwrap.wrap(" ".join(names), 140))
            ),
        ]
    )


def _rectangle(x: float, y: float, width: float, height: float, style: str) -> str:
    return f"<rect x='{x:.0f}' y='{y:.0f}' width='{width:.0f}' height='{height:.0f}' rx='6' {style}/>"


def _text(x: float, y: float, text: str, style: str) -> str:
    escaped = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    place = f"x='{x:.0f}' y='{y:.0f}' text-anchor='middle'"
    return f"<text {place} font-family='Helvetica, Arial, sans-serif' {style}>{escaped}</text>"


if __name__ == "__main__":
    IMAGE.write_text(drawn(House()), encoding="utf-8")
