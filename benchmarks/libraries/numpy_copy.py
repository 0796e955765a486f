"""The machine's copy bandwidth: `np.copyto` of as many bytes as the output has, on one thread.

The destination exists already, so that no page of it is touched for the first time: the most that a copy
can do.
"""

from __future__ import annotations

import numpy as np

from benchmarks.cases import Case
from benchmarks.libraries import Inputs, Job


def version() -> str:
    return np.__version__


def set_num_threads(number: int) -> None:
    """There is one thread."""


def make_job(case: Case, inputs: Inputs) -> Job:
    source = inputs["image"]  # as large as the output
    target = np.zeros_like(source)
    return Job(lambda: np.copyto(target, source), lambda _: {})
