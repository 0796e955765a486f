"""MNIST, from the folder that the environment variable WARPKIT_DATA names."""

from __future__ import annotations

import functools

from warpkit.datasets import Dataset, load_mnist

from ..data import data_folder


@functools.cache
def mnist() -> Dataset:
    """Read once."""
    return load_mnist(data_folder() / "mnist")
