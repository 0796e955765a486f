"""MNIST, from the folder that the environment variable WARPKIT_DATA names."""

from __future__ import annotations

import functools
import os
from pathlib import Path

from warpkit.datasets import Dataset, load_mnist


@functools.cache
def mnist() -> Dataset:
    """Read once."""
    folder = os.environ.get("WARPKIT_DATA")
    if not folder:
        expected = "a folder with mnist/ and the other data sets"
        raise FileNotFoundError(f"WARPKIT_DATA: expected {expected}, given none")
    return load_mnist(Path(folder) / "mnist")
