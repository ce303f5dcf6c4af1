"""Waits that grow."""

import pytest

from cxrtune.back_off import BackOff
from cxrtune.errors import UsageError


def test_waits_grow_to_a_cap():
    waits = BackOff(first_seconds=1, longest_seconds=300)
    assert [waits.seconds(failures) for failures in (0, 1, 2, 3, 9, 10, 1000)] == [1, 1, 2, 4, 256, 300, 300]


def test_a_share_of_a_wait_is_left_to_chance():
    waits = BackOff(first_seconds=2, longest_seconds=20, chance=0.5)
    for failures, whole in ((1, 2), (2, 4), (5, 20)):
        found = {waits.seconds(failures) for _ in range(50)}
        assert len(found) > 1
        assert all(whole / 2 <= seconds <= whole for seconds in found)


@pytest.mark.parametrize("name", ["first_seconds", "longest_seconds", "chance"])
@pytest.mark.parametrize("value", [-1, float("nan")])
def test_what_cannot_be_meant_is_refused(name, value):
    with pytest.raises(UsageError, match=name) as caught:
        BackOff(**({"first_seconds": 1, "longest_seconds": 2} | {name: value}))
    assert caught.value.remedy
    with pytest.raises(UsageError, match="first_seconds is 0"):
        BackOff(0, 1)
