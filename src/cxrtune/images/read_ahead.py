"""Results in the order of what was asked for, some of them made ahead of whoever wants them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future
from itertools import islice
from typing import TypeVar

from cxrtune.errors import UnreadableImageError

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_order(
    submit: Callable[[Item], Future[Result]], items: Iterable[Item], ahead: int
) -> Iterator[Result | UnreadableImageError]:
    """Submit items, a bounded number ahead, and yield their results; errors of reading stand in their places.

    Args:
        submit: Begins with one item.
        items: Taken as they are needed.
        ahead: How many are begun before the first of them is wanted.
    """
    waiting, pending = iter(items), deque[Future[Result]]()
    while True:
        pending.extend(submit(item) for item in islice(waiting, ahead - len(pending)))
        if not pending:
            return
        try:
            yield pending.popleft().result()
        except UnreadableImageError as error:
            yield error
