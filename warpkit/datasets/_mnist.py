"""MNIST, from a folder that holds its four files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from ._dataset import Dataset
from ._idx import read_idx

_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def load_mnist(folder: str | os.PathLike[str]) -> Dataset:
    """Read MNIST, or a data set in its form, from the four IDX files in a folder.

    Parameters
    ----------
    folder : path
        Holds ``train-images-idx3-ubyte``, ``train-labels-idx1-ubyte``, ``t10k-images-idx3-ubyte`` and
        ``t10k-labels-idx1-ubyte``, each with or without ``.gz``; a dot before ``idx`` is fine too.

    Returns
    -------
    Dataset
        Of MNIST's files: 60000 images to train with and 10000 to test with, of 28 by 28 pixels.

    Raises
    ------
    FileNotFoundError
        If files are missing: the message names them.
    ValueError
        If a file is damaged, see :func:`read_idx`, or the files do not fit together.
    """
    folder = Path(folder)
    found = {name: _find(folder, name) for name in _FILES}
    missing = [name for name, file in found.items() if file is None]
    if missing:
        raise FileNotFoundError(f"{folder}: there is no {', no '.join(missing)} (nor with .gz)")
    parts: list[np.ndarray] = []
    for images_name, labels_name in (_FILES[:2], _FILES[2:]):
        images, labels = found[images_name], found[labels_name]
        assert images is not None  # for the type checker: missing is empty
        assert labels is not None
        parts += _read_part(images, labels)
    return Dataset("MNIST", *parts)


def _find(folder: Path, name: str) -> Path | None:
    """The file in any of its usual names."""
    names = (name, name + ".gz", name.replace("-idx", ".idx"), name.replace("-idx", ".idx") + ".gz")
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _read_part(images_file: Path, labels_file: Path) -> list[np.ndarray]:
    """Images (n, 1, height, width) from 0 to 1, and labels (n,)."""
    images, labels = read_idx(images_file), read_idx(labels_file)
    for file, array, ndim in ((images_file, images, 3), (labels_file, labels, 1)):
        if array.ndim != ndim or array.dtype != np.uint8:
            expected = f"{ndim} axes of uint8"
            raise ValueError(f"{file}: expected {expected}, given {array.ndim} of {array.dtype}")
    if len(images) != len(labels):
        raise ValueError(f"{labels_file}: expected {len(images)} labels, as images, given {len(labels)}")
    return [images[:, None].astype(np.float32) / np.float32(255), labels.astype(np.int64)]
