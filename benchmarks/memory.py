"""By how much one call makes the process's resident memory grow at its peak.

Linux keeps the highest resident size of a process (VmHWM in /proc/self/status); writing 5 to
/proc/self/clear_refs sets that mark back to the present size (`man 5 proc`). What the C library and warpkit
hold for reuse is returned to the system first, so that whatever the call needs counts. Memory that another
library keeps from earlier calls does not count.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
CLEAR_REFS = Path("/proc/self/clear_refs")


def peak_growth(run: Callable[[], Any]) -> tuple[Any, int | None]:
    """Call `run`: what it returns, and the growth in bytes; None where the system does not tell."""
    gc.collect()
    _return_free_memory()
    try:
        CLEAR_REFS.write_text("5")
        before = _resident_peak()
    except OSError:  # not Linux, or not allowed
        return run(), None
    result = run()
    return result, _resident_peak() - before


def _return_free_memory() -> None:
    if "warpkit" in sys.modules:  # other libraries are measured without it
        sys.modules["warpkit._core._large_arrays"].release()
    with contextlib.suppress(AttributeError, OSError, TypeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def _resident_peak() -> int:
    for line in STATUS.read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    raise OSError(f"no VmHWM in {STATUS}")
