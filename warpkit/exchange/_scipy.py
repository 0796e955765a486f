"""SciPy's matrices and offsets."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import wrong_value
from warpkit.transforms import AbstractAffine, Affine

from ._matrices import affine_matrix, affine_of, numbers, reversed_axes


def from_scipy(matrix: Any, offset: Any = 0.0, *, ndim: int) -> Affine:
    """Turn what ``scipy.ndimage.affine_transform`` takes into a transform.

    **Convention.** SciPy's coordinates are in the order of the array's axes, ([z,] y, x), in pixels whose
    centres are at 0, 1, 2, ..., and lead from output to input. The result has (x, y[, z]), in the frame
    "pixel", and leads the same way.

    Parameters
    ----------
    matrix : array, shape (ndim,), (ndim, ndim), (ndim, ndim + 1) or (ndim + 1, ndim + 1)
        Factors of the axes, a matrix, or a homogeneous matrix that holds the offset.
    offset : number or array, shape (ndim,)
        One number for all axes, or one each. A homogeneous matrix has its own.
    ndim : int
        Number of axes of the image, which SciPy sees from it: a (3, 3) matrix turns a volume, or is the
        homogeneous one of a picture.

    Returns
    -------
    Affine
        In the frame "pixel" and in float64.

    Raises
    ------
    ValueError
        If a shape is another, a number is not finite, or there are two offsets.

    Examples
    --------
    >>> import warpkit as wk
    >>> wk.from_scipy([[1.0, 0.0], [0.5, 2.0]], [3.0, 4.0], ndim=2).theta     # (y, x) there, (x, y) here
    array([[[2. , 0.5, 4. ],
            [0. , 1. , 3. ]]])
    """
    if ndim not in (1, 2, 3):
        raise wrong_value("ndim", "1, 2 or 3", ndim)
    matrix = numbers("matrix", matrix, ((ndim,), (ndim, ndim), (ndim, ndim + 1), (ndim + 1, ndim + 1)))
    shift = np.broadcast_to(numbers("offset", offset, ((), (ndim,))), ndim)
    whole = np.eye(ndim + 1)
    if matrix.shape in ((ndim,), (ndim, ndim)):
        whole[:-1, :-1] = np.diag(matrix) if matrix.ndim == 1 else matrix
        whole[:-1, -1] = shift
    elif np.any(shift):  # SciPy leaves it out
        raise wrong_value("offset", "0 beside a homogeneous matrix, which has its own", shift.tolist())
    else:
        whole[: len(matrix)] = matrix
    return affine_of(reversed_axes(whole), "pixel")


def to_scipy(transform: AbstractAffine) -> tuple[np.ndarray, np.ndarray]:
    """Turn a transform into a matrix and an offset for ``scipy.ndimage.affine_transform``.

    **Convention.** As of :func:`from_scipy`: ([z,] y, x) in pixels, from output to input.

    Parameters
    ----------
    transform : Affine or simpler
        One affine map in the frame "pixel".

    Returns
    -------
    matrix : ndarray of float64, shape (ndim, ndim)
        In the order of the array's axes.
    offset : ndarray of float64, shape (ndim,)
        Likewise.

    Raises
    ------
    ValueError
        If the frame is another, or the batch is not 1.
    TypeError
        If it is no affine map.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> from scipy.ndimage import affine_transform
    >>> move = wk.Translation(np.array([[1.0, 0.0]]), frame="pixel")
    >>> affine_transform(np.array([[1.0, 2.0, 3.0]]), *wk.to_scipy(move), order=1)
    array([[2., 3., 0.]])
    """
    matrix = reversed_axes(affine_matrix(transform, "pixel"))
    return matrix[:-1, :-1], matrix[:-1, -1]
