"""One library's process: prepares cases and times rounds on request."""

from __future__ import annotations

import gc
import signal
import statistics
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from types import ModuleType
from typing import Any

from .agreement import differences, mismatches, save
from .cases import Case
from .inputs import make_inputs
from .libraries import COPY, REFERENCE, Job, load
from .memory import peak_growth

ROUND_SECONDS = 0.05
# Before a round: OpenMP's threads in another process may spin for about 10 ms after their last work.
REST_SECONDS = 0.02

READY = "ready"
UNSUPPORTED = "does not do this"


@dataclass(frozen=True)
class Prepared:
    """What became of a case in one library's process."""

    state: str
    """READY, or why there is nothing to time."""
    memory: int | None = None
    """Growth of resident memory at its peak, in bytes."""
    bytes_moved: int = 0
    """Each input read once and each result written once."""
    differences: dict[str, float] = field(default_factory=dict)
    """From warpkit's results, by name."""


def serve(library: str, threads: int, pipe: Connection) -> None:
    """Answer requests: a case with a folder of results to prepare, "round" to time, None to end.

    The first answer is the library's version, or an ImportError.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then ends this process
    try:
        adapter = load(library)
        adapter.set_num_threads(threads)
        pipe.send(adapter.version())
    except ImportError as error:
        pipe.send(ImportError(str(error)))
        return
    job: Job | None = None
    while (request := pipe.recv()) is not None:
        if request == "round":
            assert job is not None
            pipe.send(time_round(job.run))
        else:
            job = None  # frees the last case's arrays
            job, answer = _prepare(adapter, library, *request)
            pipe.send(answer)


def _prepare(adapter: ModuleType, library: str, case: Case, folder: Path) -> tuple[Job | None, Prepared]:
    try:
        return prepare(adapter, library, case, folder)
    except Exception as error:  # one library's failure must not end the run of the others
        traceback.print_exc()
        return None, Prepared(f"failed: {type(error).__name__}: {error}")


def prepare(adapter: ModuleType, library: str, case: Case, folder: Path) -> tuple[Job | None, Prepared]:
    """Build the job, call it once, and compare its results with warpkit's, or save them if it is warpkit."""
    woken = adapter.make_job(case.small(), make_inputs(case.small()))
    if woken is None:
        return None, Prepared(UNSUPPORTED)
    woken.run()  # threads, lazy imports and tables are there before memory is looked at
    inputs = make_inputs(case)
    job = adapter.make_job(case, inputs)
    returned, memory = peak_growth(job.run)
    results = job.results(returned)
    moved = sum(array.nbytes for array in inputs.values())
    if library == COPY:
        return job, Prepared(READY, None, 2 * inputs["image"].nbytes)
    moved += sum(inputs[name.removeprefix("ct_") if name != "out" else "image"].nbytes for name in results)
    if library == REFERENCE:
        save(results, folder)
        return job, Prepared(READY, memory, moved)
    found = differences(results, folder)
    wrong = mismatches(library, found)
    state = READY if not wrong else "mismatch: " + "; ".join(wrong)
    return (job if not wrong else None), Prepared(state, memory, moved, found)


def time_round(run: Callable[[], Any]) -> float:
    """Seconds of one call: the median of as many as fill a twentieth of a second, at least one.

    What a call returns is freed after the clock is read.
    """
    time.sleep(REST_SECONDS)
    times: list[float] = []
    collecting = gc.isenabled()
    gc.disable()
    end = time.perf_counter() + ROUND_SECONDS
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        returned = run()
        times.append(time.perf_counter() - start)
        del returned
    if collecting:
        gc.enable()
    return statistics.median(times)
