"""A lock is one process's, and no longer than it lives."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from cxrtune.locks import take_lock

pytestmark = pytest.mark.skipif(os.name != "posix", reason="nothing is locked on Windows")
NOBODY = 65534


def test_a_lock_is_held_once_and_then_gone(tmp_path):
    path = tmp_path / "lock"
    for _ in range(2):
        lock = take_lock(path)
        assert lock is not None
        with lock:
            assert take_lock(path) is None
            assert path.stat().st_mode & 0o077 == 0
        assert not path.exists()


@pytest.mark.skipif(os.name != "posix" or os.geteuid() != 0, reason="only root becomes another user")
@pytest.mark.parametrize("mode", [0o777, 0o1777, 0o2775])
def test_another_user_of_a_shared_folder_sees_that_it_is_held(tmp_path, mode):
    folder, path = tmp_path / "shared", tmp_path / "shared" / "lock"
    folder.mkdir()
    os.chown(folder, 0, NOBODY)
    folder.chmod(mode)
    lock = take_lock(path)
    assert lock is not None
    with lock:
        assert _for_another_user(folder) == "held"
    assert _for_another_user(folder) == "free"
    path.touch(0o644)  # left by a killed process
    assert _for_another_user(folder) == "free"


def _for_another_user(folder):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        answer = "failed"
        try:
            os.chdir(folder)  # those around it are root's alone
            os.setgroups([])
            os.setgid(NOBODY)
            os.setuid(NOBODY)
            answer = "held" if take_lock(Path("lock")) is None else "free"
        finally:
            os.write(writing, answer.encode())
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, encoding="ascii") as answer:
        os.waitpid(child, 0)
        return answer.read()


def test_a_file_that_is_left_is_no_lock(tmp_path):
    path = tmp_path / "lock"
    program = f"""
import os
from pathlib import Path
from cxrtune.locks import take_lock
lock = take_lock(Path({str(path)!r}))
with lock:
    print(take_lock(Path({str(path)!r})), flush=True)
    os._exit(1)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (1, "None\n")
    assert path.exists()
    lock = take_lock(path)
    assert lock is not None
    with lock:
        assert take_lock(path) is None


def test_no_two_hold_it_while_others_take_it_and_let_it_go(tmp_path):
    path, holders, most, turns = tmp_path / "lock", [], [], []

    def work():
        for _ in range(300):
            lock = take_lock(path)
            if lock is None:
                continue
            with lock:
                holders.append(1)
                most.append(len(holders))
                holders.pop()
            turns.append(1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(most) == {1}
    assert turns


def test_a_place_that_cannot_be_is_the_systems_error(tmp_path):
    with pytest.raises(FileNotFoundError):
        take_lock(tmp_path / "none" / "lock")
