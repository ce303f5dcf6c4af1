"""How many processors a process may use, by what Linux says in three places."""

import os
import subprocess
import sys

import pytest

from cxrtune.processors import processor_count

linux = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="affinity is Linux's")
COUNT = "from cxrtune.processors import processor_count; print(processor_count())"


@linux
def test_a_process_with_one_processor_counts_one():
    one = min(os.sched_getaffinity(0))
    done = subprocess.run(
        [sys.executable, "-c", f"import os; os.sched_setaffinity(0, {{{one}}}); {COUNT}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout.strip() == "1"


@linux
@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("max 100000\n", 64),
        ("100000 100000\n", 1),
        ("150000 100000\n", 2),  # rounded up: with one process half of the time would be lost
        ("10000 100000\n", 1),
        ("3200000 50000\n", 64),
        ("6500000 100000\n", 64),
        ("", 64),
        ("100000 0\n", 64),
    ],
)
def test_what_a_cgroup_grants_counts(tmp_path, monkeypatch, written, expected):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    file = tmp_path / "cpu.max"
    file.write_text(written)
    assert processor_count([file]) == expected


@linux
def test_the_tightest_cgroup_counts_and_affinity_counts_too(tmp_path, monkeypatch):
    files = []
    for name, quota in (("inner", "max"), ("middle", "300000"), ("outer", "800000")):
        files.append(tmp_path / name)
        files[-1].write_text(f"{quota} 100000\n")
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    assert processor_count(files) == 3
    assert processor_count([tmp_path / "none"]) == 64
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {5, 7})
    assert processor_count(files) == 2


def test_a_cgroup_lies_in_others_up_to_the_root(tmp_path, monkeypatch):
    from cxrtune import processors

    own = tmp_path / "cgroup"
    own.write_text("9:name=systemd:/else\n0::/system.slice/cxrtune.service\n")
    root = tmp_path / "sys"
    (root / "system.slice" / "cxrtune.service").mkdir(parents=True)
    (root / "system.slice" / "cpu.max").write_text("100000 100000\n")
    (tmp_path / "cpu.max").write_text("no limit of ours")
    monkeypatch.setattr(processors, "_CGROUPS", root)
    monkeypatch.setattr(processors, "_OWN_CGROUP", own)
    assert processor_count() == 1
    monkeypatch.setattr(processors, "_OWN_CGROUP", tmp_path / "none")
    assert processor_count() >= 1


def test_where_there_is_no_affinity_the_machine_is_counted(monkeypatch):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(os, "cpu_count", lambda: 12)
    assert processor_count([]) == 12
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert processor_count([]) == 1
