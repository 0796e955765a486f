"""How many threads, and where the number comes from."""

import math
import os
import threading
import time

import numpy as np
import pytest

from warpkit._core import _threads
from warpkit._core._threads import each_beside, get_num_threads, set_num_threads, usable_cpus


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setattr(_threads, "_num_threads", None)


@pytest.mark.parametrize("number", [1, 3, np.int64(5)])
def test_set(number):
    set_num_threads(number)
    assert get_num_threads() == number
    assert type(get_num_threads()) is int


@pytest.mark.parametrize("number", [0, -1, 2**31])
def test_wrong_numbers(number):
    with pytest.raises(ValueError, match=f"num_threads: expected an integer from 1 .*, given {number}"):
        set_num_threads(number)


@pytest.mark.parametrize("number", [1.0, "2", None, True])
def test_wrong_types(number):
    with pytest.raises(TypeError, match="num_threads: expected an integer, given builtins"):
        set_num_threads(number)


def test_environment(monkeypatch):
    monkeypatch.setenv("WARPKIT_NUM_THREADS", " 7 ")
    assert get_num_threads() == 7
    set_num_threads(2)
    assert get_num_threads() == 2


@pytest.mark.parametrize("text", ["0", "-2", "many", "1.5", "99999999999"])
def test_wrong_environment(monkeypatch, text):
    monkeypatch.setenv("WARPKIT_NUM_THREADS", text)
    with pytest.raises(ValueError, match=f"WARPKIT_NUM_THREADS: expected an integer .*, given '{text}'"):
        get_num_threads()


def test_default(monkeypatch):
    monkeypatch.delenv("WARPKIT_NUM_THREADS", raising=False)
    assert get_num_threads() == usable_cpus()
    assert 1 <= usable_cpus() <= (os.cpu_count() or 1)


def quota(tmp_path, membership, files):
    (tmp_path / "membership").write_text(membership)
    for name, text in files.items():
        file = tmp_path / "cgroup" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return _threads._quota_cpus(tmp_path / "membership", tmp_path / "cgroup")


@pytest.mark.parametrize(
    ("membership", "files", "expected"),
    [
        ("0::/\n", {}, math.inf),
        ("0::/\n", {"cpu.max": "max 100000\n"}, math.inf),
        ("0::/a/b\n", {"a/b/cpu.max": "max 100000\n", "a/cpu.max": "150000 100000\n"}, 2),
        ("0::/a\n", {"a/cpu.max": "50000 100000\n"}, 1),
        ("3:cpu,cpuacct:/x\n", {"cpu/x/cpu.cfs_quota_us": "400000", "cpu/x/cpu.cfs_period_us": "100000"}, 4),
        ("3:cpu,cpuacct:/x\n", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}, math.inf),
        ("2:memory:/x\n", {}, math.inf),
    ],
)
def test_quota_of_a_control_group(tmp_path, membership, files, expected):
    assert quota(tmp_path, membership, files) == expected


def test_system_without_control_groups(tmp_path):
    assert _threads._quota_cpus(tmp_path / "missing", tmp_path) == math.inf


@pytest.mark.parametrize("library", [np, math])
def test_each_beside(library):
    """In order, with the context of the caller; in its thread where arrays are not NumPy's."""
    set_num_threads(3)

    def look(number):
        return number, np.geterr()["over"], threading.get_ident()

    with np.errstate(over="call"):
        numbers, states, threads = zip(*each_beside(look, range(20), library), strict=True)
    assert numbers == tuple(range(20))
    assert set(states) == {"call"}
    assert (threading.get_ident() in threads) == (library is not np)


def test_each_beside_with_one_thread_needs_none():
    set_num_threads(1)
    assert set(each_beside(lambda _: threading.get_ident(), range(3), np)) == {threading.get_ident()}


def test_each_beside_ends_with_the_first_error():
    """What has not begun by then is not done."""
    set_num_threads(2)
    begun = []

    def fail(number):
        begun.append(number)
        time.sleep(0.01)
        raise ArithmeticError

    with pytest.raises(ArithmeticError):
        each_beside(fail, range(200), np)
    assert len(begun) < 100
