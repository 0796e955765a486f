r"""Taking pixel coordinates out of a transform's parameters again: the inverse of `_to_pixels`.

With :math:`p = s\,g + o` per axis in the input, and :math:`s', o'` in the output, an affine map of pixels
:math:`p = A p' + b` is the map of frame coordinates

.. math:: A^{fr}_{ij} = A_{ij} s'_j / s_i, \qquad
   b^{fr}_i = \bigl(b_i + \bigl(\sum_j A_{ij} o'_j - o_i\bigr)\bigr) / s_i.
"""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, namespace, plain
from warpkit.grids import frame_scales
from warpkit.ops import concatenate, matmul


def check_scales(argument: str, shape: tuple[int, ...], frame: str) -> None:
    """Raise a ValueError that names the axis, where all of its coordinates would be one place."""
    least = 2 if frame == "corners" else 1
    for axis, scale in enumerate(frame_scales(shape, frame)[0][::-1]):
        if scale <= 0:
            expected = f"at least {least} pixels along axis {axis} in frame {frame!r}"
            raise ValueError(f"{argument}: expected {expected}, given {shape}")


def affine_from_pixels(
    theta: Array, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> Array:
    """The affine map of frame coordinates, (n, ndim, ndim + 1) in float64."""
    theta = theta.astype("float64")
    (s, o), (t, q) = _columns(theta, in_shape, frame), _columns(theta, out_shape, frame)
    matrix = theta[:, :, :-1]
    offset = (theta[:, :, -1:] + (matmul(matrix, q) - o)) / s
    return concatenate(matrix * (t.T / s), offset, axis=-1)


def projective_from_pixels(
    theta: Array, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> Array:
    r"""The homogeneous map of frame coordinates, (n, ndim + 1, ndim + 1) in float64.

    The numerators of frame coordinates are :math:`(h - o\,w) / s`.
    """
    theta = theta.astype("float64")
    (s, o), (t, q) = _columns(theta, in_shape, frame), _columns(theta, out_shape, frame)
    row, matrix = theta[:, -1:, :-1], theta[:, :-1, :-1]
    origin = theta[:, -1:, -1:] + matmul(row, q)
    offset = (theta[:, :-1, -1:] + (matmul(matrix, q) - o * origin)) / s
    numerators = concatenate((matrix - o * row) * (t.T / s), offset, axis=-1)
    return concatenate(numerators, concatenate(row * t.T, origin, axis=-1), axis=1)


def _columns(theta: Array, shape: tuple[int, ...], frame: str) -> tuple[np.ndarray, np.ndarray]:
    """The frame's scales and offsets as columns."""
    xp = namespace(plain(theta))
    scales, offsets = frame_scales(shape, frame)
    return xp.asarray(scales, xp.float64).reshape(-1, 1), xp.asarray(offsets, xp.float64).reshape(-1, 1)
