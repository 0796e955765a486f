r"""Folding a frame into a transform's parameters, so that a warp computes pixel coordinates throughout.

With :math:`p = s\,g + o` per axis in the input, and :math:`s', o'` in the output, an affine map
:math:`g = A g' + b` of frame coordinates is the map of pixels

.. math:: A^{px}_{ij} = s_i A_{ij} / s'_j, \qquad
   b^{px}_i = s_i b_i + \bigl(o_i - \sum_j A^{px}_{ij} o'_j\bigr).

In this form the identity between equal shapes is exactly the identity of pixels, in every frame:
:math:`s / s = 1` and :math:`o - o = 0`. No grid of frame coordinates could say so (most pixel centres are no
floating-point numbers there).
"""

from __future__ import annotations

import functools
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain
from warpkit.grids import frame_scales
from warpkit.ops import concatenate


def _ratios(in_scales: tuple[float, ...], out_scales: tuple[float, ...]) -> np.ndarray:
    """The matrix s_i / s'_j, and 0 where s'_j is: in "corners" an axis of one pixel has the coordinate 0."""
    s, t = np.asarray(in_scales)[:, None], np.asarray(out_scales)[None, :]
    return np.divide(s, t, out=np.zeros(np.broadcast_shapes(s.shape, t.shape)), where=t != 0)


def identity_to_pixels(in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str) -> np.ndarray:
    """The map of pixels (1, ndim, ndim + 1) that leaves frame coordinates as they are."""
    theta = np.eye(len(in_shape), len(in_shape) + 1)[None]
    return affine_to_pixels(theta, in_shape, out_shape, frame)


def displacement_to_pixels(field: Array, in_shape: tuple[int, ...], frame: str) -> Array:
    """Displacements (..., ndim) in pixels of the input, in float64."""
    scales = np.asarray(frame_scales(in_shape, frame)[0])
    return field.astype("float64") * namespace(plain(field)).asarray(scales)


def affine_to_pixels(
    theta: Array, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> Array:
    """The affine map of pixels, (n, ndim, ndim + 1) in float64."""
    if type(theta) is np.ndarray:
        return _affine_to_pixels(theta, in_shape, out_shape, frame)
    xp = namespace(plain(theta))
    theta = theta.astype("float64")
    (s, o), (t, q) = frame_scales(in_shape, frame), frame_scales(out_shape, frame)
    matrix = theta[:, :, :-1] * xp.asarray(_ratios(s, t))
    offset = theta[:, :, -1:] * _column(xp, s) + (_column(xp, o) - _carried(matrix, q))
    return concatenate(matrix, offset, axis=-1)


def affine_from_pixels_cotangent(
    ct_pixels: np.ndarray, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> np.ndarray:
    r"""The vjp of :func:`affine_to_pixels`, which is linear: for the compiled warps, on plain arrays.

    .. math:: \bar A_{ij} = (\bar A^{px}_{ij} - \bar b^{px}_i o'_j)\, s_i / s'_j, \qquad
       \bar b_i = s_i\, \bar b^{px}_i.
    """
    factors, _, q = _folding(in_shape, out_shape, frame)
    out = ct_pixels.copy()
    rows = out.reshape(-1, len(q) + 1)
    for j in range(len(q)):
        rows[:, j] -= rows[:, -1] * q[j]
    out *= factors
    return out


def _affine_to_pixels(
    theta: np.ndarray, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> np.ndarray:
    """The same bits in less time, much of which is NumPy's for its calls: least for rows and numbers."""
    factors, o, q = _folding(in_shape, out_shape, frame)
    out = np.multiply(theta, factors, order="C")  # float64, which the factors are
    rows = out.reshape(-1, len(q) + 1)
    carried = rows[:, 0] * q[0]
    for j in range(1, len(q)):
        carried += rows[:, j] * q[j]
    rows[:, -1] += (o - carried.reshape(-1, len(q))).ravel()
    return out


@functools.lru_cache
def _folding(
    in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> tuple[np.ndarray, np.ndarray, tuple[float, ...]]:
    """The factors of [A b], which are s_i / s'_j and s_i; and o, o'. Not to be written to."""
    (s, o), (t, q) = frame_scales(in_shape, frame), frame_scales(out_shape, frame)
    return np.column_stack((_ratios(s, t), s)), np.asarray(o), q


def projective_to_pixels(
    theta: Array, in_shape: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> Array:
    r"""The homogeneous map of pixels, (n, ndim + 1, ndim + 1) in float64.

    With :math:`h = A g' + b` and :math:`w = c g' + d`, the numerators of the input's pixels are
    :math:`s h + o w`: the affine map above, plus o times the row of the denominator.
    """
    xp = namespace(plain(theta))
    theta = theta.astype("float64")
    (s, o), (t, q) = frame_scales(in_shape, frame), frame_scales(out_shape, frame)
    row = theta[:, -1:, :-1] * xp.asarray(_ratios((1.0,), t))
    origin = theta[:, -1:, -1:] - _carried(row, q)
    matrix = theta[:, :-1, :-1] * xp.asarray(_ratios(s, t))
    offset = theta[:, :-1, -1:] * _column(xp, s) + (_column(xp, o) * origin - _carried(matrix, q))
    numerators = concatenate(matrix + _column(xp, o) * row, offset, axis=-1)
    return concatenate(numerators, concatenate(row, origin, axis=-1), axis=1)


def _carried(matrix: Array, q: tuple[float, ...]) -> Array:
    """The matrix times q, (n, rows, 1). Not by BLAS, whose sums may differ between machines."""
    out = matrix[:, :, :1] * q[0]
    for j in range(1, len(q)):
        out = out + matrix[:, :, j : j + 1] * q[j]
    return out


def _column(xp: Any, values: tuple[float, ...]) -> Array:
    return xp.asarray(values, dtype=xp.float64).reshape(-1, 1)
