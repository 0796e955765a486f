"""Measurements as a table, and as JSON."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from .libraries import COPY, REFERENCE
from .measure import Measurement

COLUMNS = ("library", "time", "ratio", "of copy", "memory", "difference")
WIDTHS = (13, 12, 9, 12, 12, 12)

LEGEND = """\
time: of one call, the median over {rounds} rounds; a process for each library, with {threads} threads
  (SciPy, scikit-image and the copy have one; torch samples a batch of one on one)
ratio: a library's time over warpkit's
of copy: bytes moved per second, each input read once and each result written once, over those of np.copyto
  of as many bytes as the output has, on one thread and to an existing destination
memory: by how much the process's resident memory grew at its peak in one call
difference: from warpkit's results, root mean square over that of the result; the worst of them"""


def ratio(measurement: Measurement, measurements: Iterable[Measurement]) -> float | None:
    """The library's time over warpkit's for the same case."""
    ours = find(measurements, REFERENCE)
    if ours is None or ours.seconds is None or measurement.seconds is None:
        return None
    return measurement.seconds / ours.seconds


def share_of_copy(measurement: Measurement, measurements: Iterable[Measurement]) -> float | None:
    """Bytes moved per second, over those of the copy for the same case."""
    copy = find(measurements, COPY)
    if copy is None or copy.bandwidth is None or measurement.bandwidth is None:
        return None
    return measurement.bandwidth / copy.bandwidth


def find(measurements: Iterable[Measurement], library: str) -> Measurement | None:
    return next((found for found in measurements if found.library == library), None)


def header(machine: dict[str, str], versions: dict[str, str], missing: dict[str, str]) -> str:
    """What everything ran on."""
    facts = {**machine, "versions": ", ".join(f"{name} {version}" for name, version in versions.items())}
    facts |= {f"without {name}": why for name, why in missing.items()}
    return "\n".join(f"{name}: {fact}" for name, fact in facts.items())


def block(measurements: Sequence[Measurement]) -> str:
    """One case: its name, and a row for each library that does it."""
    rows = [measurements[0].case.name if measurements else "", _row(COLUMNS)]
    rows += [_measured(measurement, measurements) for measurement in measurements]
    return "\n".join(rows)


def _measured(measurement: Measurement, measurements: Sequence[Measurement]) -> str:
    if measurement.seconds is None:
        return _row((measurement.library,)) + f"  {measurement.prepared.state}"
    copy, peer = measurement.library == COPY, measurement.library not in (REFERENCE, COPY)
    share = share_of_copy(measurement, measurements)
    cells = (
        measurement.library,
        _milliseconds(measurement.seconds),
        _number(ratio(measurement, measurements) if peer else None, "{:.2f}x"),
        f"{1e-9 * measurement.bandwidth:.1f} GB/s" if copy else _number(share, "{:.0%}"),
        _number(measurement.prepared.memory, "{:.1f} MB", 1e-6),
        _number(max(measurement.prepared.differences.values(), default=None), "{:.1e}"),
    )
    return _row(cells)


def _number(value: float | None, form: str, factor: float = 1) -> str:
    return "" if value is None else form.format(factor * value)


def _milliseconds(seconds: float) -> str:
    """Three digits, and no fewer than there are before the point."""
    return f"{1e3 * seconds:.0f} ms" if seconds >= 0.1 else f"{1e3 * seconds:#.3g} ms"


def _row(cells: Sequence[str]) -> str:
    first, *others = cells
    columns = zip(others, WIDTHS[1:], strict=False)
    return f"  {first:<{WIDTHS[0]}}" + "".join(f"{cell:>{width}}" for cell, width in columns)


def run_record(
    measurements: Iterable[Measurement],
    *,
    threads: int,
    rounds: int,
    versions: dict[str, str],
    missing: dict[str, str],
) -> dict[str, Any]:
    """One run, for JSON."""
    return {
        "threads": threads,
        "rounds": rounds,
        "versions": versions,
        "missing": missing,
        "measurements": [measurement.record() for measurement in measurements],
    }


def write_json(machine: dict[str, str], runs: list[dict[str, Any]], target: str) -> None:
    """Write {"machine": ..., "runs": [...]} to a file, or to stdout where the target is "-"."""
    text = json.dumps({"machine": machine, "runs": runs}, indent=2) + "\n"
    if target == "-":
        sys.stdout.write(text)
    else:
        Path(target).write_text(text)
