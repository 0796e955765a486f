"""One file per library. Each has

* `version()`, a string;
* `set_num_threads(number)`;
* `make_job(case, inputs)`, a `Job`, or None where the library does not do that.

Whatever a user would do once is done in `make_job`, such as laying an image out the way the library wants it.
Outputs are allocated anew in each call, by all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

REFERENCE = "warpkit"
PEERS = ("torch", "opencv", "scipy", "scikit_image", "kornia")
COPY = "numpy_copy"

Inputs = dict[str, np.ndarray]


@dataclass(frozen=True)
class Job:
    """What one library does for one case.

    `run` is timed. `results` turns what it returned, untimed, into arrays by name, in warpkit's layout:
    `out`, and `ct_<argument>` for each gradient.
    """

    run: Callable[[], Any]
    results: Callable[[Any], dict[str, np.ndarray]]


def load(name: str) -> ModuleType:
    """The adapter of that name; ImportError where its library is not installed."""
    return importlib.import_module(f"{__name__}.{name}")
