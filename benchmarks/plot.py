"""Draw what a warp costs against the size of the image, and against the number of threads.

Measured afresh, or read from a file that --save or `python -m benchmarks --json` wrote; of such a file, what
it has of these sizes and jobs is drawn.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .arguments import positive
from .cases import FORWARD, Case, all_gradients
from .libraries import COPY, PEERS
from .machine import describe_machine
from .measure import Processes
from .progress import progress
from .report import run_record, write_json

SIDES = (128, 256, 512, 1024, 2048, 4096)
THREADS_SIDE = 1024
OP = "warp_affine"
JOBS = {"forward": FORWARD, "forward and all gradients": all_gradients(OP)}
PANEL = (5.5, 4.0)  # inches

Record = dict[str, Any]


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.plot", description=__doc__)
    parser.add_argument("--out", required=True, metavar="FILE", help="the picture: .svg, .png, .pdf")
    parser.add_argument("--json", metavar="FILE", help="draw what is written there instead of measuring")
    parser.add_argument("--save", metavar="FILE", help="write what was measured there")
    cpus = os.cpu_count() or 1
    parser.add_argument("--threads", type=positive, default=cpus, help=f"up to how many; {cpus} by default")
    parser.add_argument("--rounds", type=positive, default=9, help="9 by default")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = make_parser().parse_args(arguments)
    if options.json:
        runs = json.loads(Path(options.json).read_text())["runs"]
    else:
        runs = measure_runs(options.threads, options.rounds)
        if options.save:
            write_json(describe_machine(), runs, options.save)
    draw(runs).savefig(options.out)
    print(f"wrote {options.out}")
    return 0


def measure_runs(most_threads: int, rounds: int) -> list[Record]:
    """All sizes with all the threads, and one size with fewer."""
    one_size = [_case(gradients, THREADS_SIDE) for gradients in JOBS.values()]
    all_sizes = [_case(gradients, side) for gradients in JOBS.values() for side in SIDES]
    return [
        measure_run(all_sizes if threads == most_threads else one_size, threads, rounds)
        for threads in range(1, most_threads + 1)
    ]


def _case(gradients: tuple[str, ...], side: int) -> Case:
    return Case(OP, gradients, (1, 1, side, side))


def measure_run(cases: Sequence[Case], threads: int, rounds: int) -> Record:
    with Processes(PEERS, threads) as processes, progress(len(cases) * (rounds + 1)) as tick:
        measured = [found for group in processes.measure(cases, rounds, tick) for found in group]
    return run_record(
        measured, threads=threads, rounds=rounds, versions=processes.versions, missing=processes.missing
    )


def draw(runs: Sequence[Record]) -> Any:
    """A matplotlib figure: a row for each job, sizes on the left, threads on the right."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(2 * PANEL[0], len(JOBS) * PANEL[1]), layout="constrained")
    rows = figure.subplots(len(JOBS), 2, squeeze=False)
    most = max(runs, key=lambda run: run["threads"])
    for (job, gradients), (left, right) in zip(JOBS.items(), rows, strict=True):
        draw_sizes(left, most, gradients)
        left.set_title(f"affine warp, {job}, {most['threads']} threads")
        draw_threads(right, runs, gradients)
        right.set_title(f"affine warp, {job}, {THREADS_SIDE} x {THREADS_SIDE} pixels")
    return figure


def draw_sizes(axes: Any, run: Record, gradients: tuple[str, ...]) -> None:
    """Time per pixel against the number of pixels along a side."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for record in _of_job(run, gradients):
        side = record["case"]["shape"][-1]
        lines.setdefault(record["library"], []).append((side, 1e9 * record["seconds"] / side**2))
    _draw_lines(axes, lines, "pixels along a side", "ns per pixel")
    axes.set_xscale("log", base=2)
    axes.set_yscale("log")


def draw_threads(axes: Any, runs: Sequence[Record], gradients: tuple[str, ...]) -> None:
    """Time of a call against the number of threads."""
    lines: dict[str, list[tuple[int, float]]] = {}
    for run in runs:
        for record in _of_job(run, gradients):
            if record["case"]["shape"][-1] == THREADS_SIDE:
                lines.setdefault(record["library"], []).append((run["threads"], 1e3 * record["seconds"]))
    _draw_lines(axes, lines, "threads", "ms per call")
    axes.xaxis.get_major_locator().set_params(integer=True)
    axes.set_yscale("log")


def _of_job(run: Record, gradients: tuple[str, ...]) -> list[Record]:
    """The records of single-channel 2D images, turned by the default angle, that have a time."""
    wanted = []
    for record in run["measurements"]:
        side = record["case"]["shape"][-1]
        if record["seconds"] is not None and record["name"] == _case(gradients, side).name:
            wanted.append(record)
    return wanted


def _draw_lines(axes: Any, lines: dict[str, list[tuple[int, float]]], x_label: str, y_label: str) -> None:
    for library, points in lines.items():
        x, y = zip(*sorted(points), strict=True)
        style = {"color": "gray", "linestyle": "--"} if library == COPY else {"marker": "o"}
        axes.plot(x, y, label=library, **style)
    axes.set_xlabel(x_label)
    axes.set_ylabel(y_label)
    axes.grid(visible=True, which="both", alpha=0.3)
    if lines:
        axes.legend()


if __name__ == "__main__":
    sys.exit(main())
