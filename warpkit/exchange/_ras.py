"""Affine maps of a world whose axes are NIfTI's."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit.transforms import WORLD, AbstractAffine, Affine

from ._matrices import affine_matrix, affine_of, numbers
from ._orientation import flip_map, in_3d


def from_ras(matrix: Any) -> Affine:
    r"""Turn an affine map of places in RAS into a transform.

    **Convention.** Programs of the NIfTI world (NiftyReg's ``reg_aladin -aff``, dipy, nibabel) have x to the
    right, y to the front and z to the head of a patient: RAS, in millimetres. The result is a map of
    warpkit's "world", whose x points to the left and whose y points to the back: LPS, as in ITK. The matrix
    leads from the fixed (reference, static) image to the moving (floating) one, as theirs and warpkit's do;
    invert it first where it does not.

    Parameters
    ----------
    matrix : array, shape (4, 4)
        A homogeneous matrix of places. (A NIfTI image's own affine leads from its voxels to places: for that,
        :func:`from_nibabel`.)

    Returns
    -------
    Affine
        In 3D, in the frame "world" and in float64.

    Raises
    ------
    ValueError
        If the shape is another, a number is not finite, or the last row is not (0, 0, 0, 1).

    Notes
    -----
    :math:`F M F` with :math:`F = \mathrm{diag}(-1, -1, 1, 1)`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> to_the_right = np.eye(4)
    >>> to_the_right[0, 3] = 10.0
    >>> wk.from_ras(to_the_right)(np.array([[0.0, 0.0, 0.0]]))
    array([[[-10.,   0.,   0.]]])
    """
    return affine_of(flip_map(numbers("matrix", matrix, ((4, 4),))), WORLD)


def to_ras(transform: AbstractAffine) -> np.ndarray:
    """Turn a transform into an affine map of places in RAS.

    **Convention.** As of :func:`from_ras`: from the fixed to the moving image, in millimetres.

    Parameters
    ----------
    transform : Affine or simpler
        One affine map in the frame "world". In 2D its plane is that of x and y.

    Returns
    -------
    ndarray of float64, shape (4, 4)
        The homogeneous matrix.

    Raises
    ------
    ValueError
        If the frame is another, or the batch is not 1.
    TypeError
        If it is no affine map.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> to_the_left = wk.Translation(np.array([[10.0, 0.0, 0.0]]), frame="world")
    >>> wk.to_ras(to_the_left)[0]
    array([  1.,   0.,   0., -10.])
    """
    return flip_map(in_3d(affine_matrix(transform, WORLD)))
