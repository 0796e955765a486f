"""What a measurement ran on."""

from __future__ import annotations

import datetime as dt
import os
import platform
from pathlib import Path

from warpkit._core._config import read_config


def describe_machine() -> dict[str, str]:
    """Facts that a reader of the numbers wants to know."""
    return {
        "date": dt.datetime.now(dt.UTC).strftime("%Y-%m-%d %H:%M UTC"),
        "processor": f"{os.cpu_count()} x {_processor()}",
        "load": _load(),
        "system": platform.platform(terse=True),
        "Python": platform.python_version(),
        "kernels": read_config().instruction_set or "none: array code",
    }


def _load() -> str:
    """The load average. A library whose threads wait for each other suffers most from strangers."""
    if not hasattr(os, "getloadavg"):
        return "unknown"
    load = os.getloadavg()[0]
    return f"{load:.2f} at the start" + (": too busy to trust the ratios" if load > 0.5 else "")


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()
