"""How many threads a compiled kernel may use."""

from __future__ import annotations

import contextvars
import math
import operator
import os
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from ._errors import wrong_type, wrong_value

ENVIRONMENT_VARIABLE = "WARPKIT_NUM_THREADS"

_MAX_THREADS = 2**31 - 1  # what the kernels' int32 holds; a call never starts more than it has work for

_num_threads: int | None = None


def set_num_threads(num_threads: int) -> None:
    """Set how many threads a compiled kernel may use at most.

    Results do not depend on it: the same input gives the same bits for any number of threads. Small
    work runs on the calling thread alone.

    Parameters
    ----------
    num_threads : int
        At least 1.

    Raises
    ------
    TypeError, ValueError
        If it is not an integer, or below 1.

    See Also
    --------
    get_num_threads
    """
    global _num_threads
    if isinstance(num_threads, bool):
        raise wrong_type("num_threads", "an integer", num_threads)
    try:
        number = operator.index(num_threads)
    except TypeError:
        raise wrong_type("num_threads", "an integer", num_threads) from None
    if not 1 <= number <= _MAX_THREADS:
        raise wrong_value("num_threads", f"an integer from 1 to {_MAX_THREADS}", number)
    _num_threads = number


def get_num_threads() -> int:
    """How many threads a compiled kernel may use at most.

    What `set_num_threads` set; else the environment variable ``WARPKIT_NUM_THREADS``; else the number
    of processors this process may use.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If ``WARPKIT_NUM_THREADS`` is not a positive integer.

    See Also
    --------
    set_num_threads
    """
    global _num_threads
    if _num_threads is None:
        _num_threads = _from_environment() or usable_cpus()
    return _num_threads


def each_beside(function: Callable[[Any], Any], items: Iterable[Any], library: ModuleType) -> list[Any]:
    """``[function(item) for item in items]``, on as many threads at once as a kernel may use.

    For what is long and rarely holds Python's lock, on arrays of `library`. If that is not NumPy it is done
    in this thread, whose device and stream no other has. Context variables, such as NumPy's ``errstate``,
    are as they are where this is called.
    """
    items = list(items)
    workers = min(get_num_threads(), len(items))
    if workers < 2 or library is not np:
        return [function(item) for item in items]
    with ThreadPoolExecutor(workers) as threads:
        calls = [threads.submit(contextvars.copy_context().run, function, item) for item in items]
        try:
            return [call.result() for call in calls]
        except BaseException:  # Ctrl-C, too: what has not begun is not done
            threads.shutdown(cancel_futures=True)
            raise


def usable_cpus() -> int:
    """Number of processors this process may use: its affinity mask and its control group's quota."""
    quota = _quota_cpus(Path("/proc/self/cgroup"), Path("/sys/fs/cgroup"))
    return max(1, int(min(_scheduled_cpus(), quota)))


def _from_environment() -> int | None:
    text = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    if not text:
        return None
    if not text.isdecimal() or not 1 <= int(text) <= _MAX_THREADS:
        raise wrong_value(
            f"environment variable {ENVIRONMENT_VARIABLE}", f"an integer from 1 to {_MAX_THREADS}", repr(text)
        )
    return int(text)


def _scheduled_cpus() -> int:
    if hasattr(os, "process_cpu_count"):  # Python 3.13
        return os.process_cpu_count() or 1
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _quota_cpus(membership: Path, root: Path) -> float:
    """Processors that the control group's quota is worth, rounded up; infinity where there is none.

    A container with ``--cpus=2`` on a machine of 64 sees all 64 processors; threads beyond the quota
    only wait for each other. Reads ``cpu.max`` (version 2) of the group and of those that hold it, or
    ``cpu.cfs_quota_us`` (version 1).
    """
    limit = math.inf
    try:
        lines = membership.read_text().splitlines()
    except OSError:  # not Linux
        return limit
    for line in lines:
        _, controllers, group = line.split(":", 2)
        if controllers == "":
            folder = root / group.lstrip("/")
            for level in (folder, *folder.parents):
                limit = min(limit, _quota_of(_words(level / "cpu.max")))
                if level == root:
                    break
        elif "cpu" in controllers.split(","):
            for folder in (root / "cpu" / group.lstrip("/"), root / "cpu"):
                words = _words(folder / "cpu.cfs_quota_us") + _words(folder / "cpu.cfs_period_us")
                limit = min(limit, _quota_of(words))
    return limit


def _words(file: Path) -> list[str]:
    try:
        return file.read_text().split()
    except OSError:
        return []


def _quota_of(words: list[str]) -> float:
    """Processors from ``[quota, period]``: 'max' and -1 mean no limit."""
    if len(words) != 2 or not words[0].isdecimal() or not words[1].isdecimal():
        return math.inf
    quota, period = map(int, words)
    return math.ceil(quota / period) if quota > 0 and period > 0 else math.inf
