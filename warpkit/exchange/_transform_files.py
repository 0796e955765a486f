"""Transforms in files."""

from __future__ import annotations

import os
from pathlib import Path

from warpkit._core import wrong_type
from warpkit.transforms import AbstractTransform

from ._itk_text import read_itk_text, write_itk_text
from ._npz import read_npz, write_npz

_WRITERS = {".npz": write_npz, ".tfm": write_itk_text, ".txt": write_itk_text}
_READERS = {".npz": read_npz, ".tfm": read_itk_text, ".txt": read_itk_text}


def save_transform(path: str | os.PathLike[str], transform: AbstractTransform) -> None:
    """Write a transform to a file, whose suffix says how.

    **Convention.** ``.npz`` keeps a transform as it is, in its frame. ``.tfm`` and ``.txt`` are ITK's text
    files: maps of places in the world (LPS), from the fixed to the moving image, which SimpleITK, ANTs and 3D
    Slicer read.

    Parameters
    ----------
    path : path
        With the suffix ``.npz``, ``.tfm`` or ``.txt``.
    transform : AbstractTransform
        For ``.npz`` of any class, any frame and any batch; of variables, their values. For ``.tfm`` and
        ``.txt`` one affine map in 2D or 3D, in the frame "world".

    Raises
    ------
    ValueError
        If the suffix is another, or ITK's files cannot hold the transform.
    TypeError
        If it is no transform, or in ITK's files no affine map.
    OSError
        If the file cannot be written.

    Notes
    -----
    Both give back every bit of a number; only rotations in 3D are rounded in ITK's files, which have versors
    (see :func:`to_itk`).

    Examples
    --------
    >>> import tempfile, numpy as np, warpkit as wk
    >>> spline = wk.ThinPlateSpline.random(np.random.default_rng(0), 2)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wk.save_transform(f"{folder}/spline.npz", spline)
    ...     again = wk.load_transform(f"{folder}/spline.npz")
    >>> type(again).__name__, bool((again.theta == spline.theta).all())
    ('ThinPlateSpline', True)
    """
    file = Path(path)
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    _WRITERS[_suffix(file)](file, transform)


def load_transform(path: str | os.PathLike[str]) -> AbstractTransform:
    """Read a transform from a file.

    **Convention.** As of :func:`save_transform`: from output (fixed) to input (moving) coordinates.
    Transforms of ITK's files are in the frame "world"; for warping they need the geometries of the two
    images, ``.to_frame("pixel", moving_geometry, fixed_geometry)``.

    Parameters
    ----------
    path : path
        A ``.npz`` of :func:`save_transform`, or one of ITK's text files, ``.tfm`` or ``.txt``, with a
        transform that :func:`from_itk` knows or a composite of such.

    Returns
    -------
    AbstractTransform
        Of the class that was saved, in NumPy arrays.

    Raises
    ------
    ValueError
        If the suffix is another, the file is damaged or empty, or it holds something else: the message names
        it.
    OSError
        If the file cannot be read.

    Notes
    -----
    Nothing in a file is executed: there is no pickle in it.

    Examples
    --------
    >>> import tempfile, numpy as np, warpkit as wk
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wk.save_transform(f"{folder}/move.tfm", wk.Translation(np.array([[1.5, -2.0]]), frame="world"))
    ...     wk.load_transform(f"{folder}/move.tfm").translation
    array([[ 1.5, -2. ]])
    """
    file = Path(path)
    reader = _READERS[_suffix(file)]
    if file.stat().st_size == 0:
        raise ValueError(f"{file}: expected a transform, given an empty file")
    return reader(file)


def _suffix(file: Path) -> str:
    suffix = file.suffix.lower()
    if suffix not in _READERS:
        raise ValueError(f"{file}: expected one of the suffixes {', '.join(_READERS)}, given {suffix!r}")
    return suffix
