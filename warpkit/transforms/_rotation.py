r"""Rotations: an angle in 2D, a rotation vector in 3D, smooth at no rotation to every order of derivative.

Positive angles take +x towards +y: with y pointing down in an image, clockwise on the screen. A rotation
vector is the axis times the angle by the right-hand rule in (x, y, z); along +z it turns like the angle.
"""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, plain
from warpkit.ops import arctan2, concatenate, cos, matmul, sin, sqrt, stack, where
from warpkit.ops import sum as sum_over

from ._fields import library, unit_matrices


def rotation_matrix(rotation: Array) -> Array:
    r"""Rotation matrices of angles (n,) or of rotation vectors (n, 3).

    Parameters
    ----------
    rotation : array, shape (n,) or (n, 3)
        Radians.

    Returns
    -------
    array, shape (n, 2, 2) or (n, 3, 3)
        Exactly the unit matrix where `rotation` is zero.

    Notes
    -----
    In 3D Rodrigues' formula: with :math:`K p = w \times p` and :math:`\theta = \lVert w \rVert`,
    :math:`R = I + \frac{\sin\theta}{\theta} K + \frac12 \bigl(\frac{\sin(\theta/2)}{\theta/2}\bigr)^2 K^2`.
    """
    if len(rotation.shape) == 1:
        c, s = cos(rotation), sin(rotation)
        return stack([c, -s, s, c], axis=1).reshape(-1, 2, 2)
    x, y, z = (rotation[:, i : i + 1] for i in range(3))
    zero = x * 0.0
    cross = concatenate(zero, -z, y, z, zero, -x, -y, x, zero, axis=1).reshape(-1, 3, 3)
    square = _squared_norm(rotation).reshape(-1, 1, 1)
    half = _sinc_of_root(square / 4.0)
    unit = unit_matrices(rotation.shape[0], 3, rotation)
    return unit + _sinc_of_root(square) * cross + 0.5 * half * half * matmul(cross, cross)


def compose_rotations(outer: Array, inner: Array) -> Array:
    """The rotation that turns by `inner` first and by `outer` then; angles (n,) or vectors (n, 3).

    In 3D by the product of unit quaternions; the result is at most a half turn.
    """
    if len(outer.shape) == 1:
        return outer + inner
    (w1, v1), (w2, v2) = _quaternion(outer), _quaternion(inner)
    scalar = w1 * w2 - sum_over(v1 * v2, axis=1, keepdims=True)
    vector = w1 * v2 + w2 * v1 + _cross(v1, v2)
    # q and -q are the same rotation: the one with a scalar part that is not negative turns less.
    sign = library(outer).where(plain(scalar) < 0, -1.0, 1.0).astype(scalar.dtype)
    scalar, vector = scalar * sign, vector * sign
    return 2.0 * _arcsine_over_sine(_squared_norm(vector), scalar) * vector


def _quaternion(vector: Array) -> tuple[Array, Array]:
    """Scalar part (n, 1) and vector part (n, 3) of the unit quaternion of a rotation vector."""
    square = _squared_norm(vector) / 4.0
    half = _sinc_of_root(square)
    # cos a = 1 - 2 sin^2(a / 2): smooth in the square, too.
    quarter = _sinc_of_root(square / 4.0)
    return 1.0 - 0.5 * square * quarter * quarter, 0.5 * half * vector


def _cross(a: Array, b: Array) -> Array:
    ax, ay, az = (a[:, i : i + 1] for i in range(3))
    bx, by, bz = (b[:, i : i + 1] for i in range(3))
    return concatenate(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx, axis=1)


def _squared_norm(vector: Array) -> Array:
    return sum_over(vector * vector, axis=1, keepdims=True)


def _sinc_of_root(square: Array) -> Array:
    r""":math:`\sin\theta / \theta` as the smooth function of :math:`q = \theta^2` that it is.

    The quotient has no derivative at 0 in floating point. There the series is used, whose next term,
    :math:`q^5 / 11!`, is below 1e-22, and its second derivative below 1e-15.
    """
    small = plain(square) < 1e-3
    angle = sqrt(where(small, 1.0, square))  # any number but 0, where the quotient is not used
    series = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0 * (1.0 - square / 72.0)))
    return where(small, series, sin(angle) / angle)


def _arcsine_over_sine(square: Array, cosine: Array) -> Array:
    r""":math:`a / \sin a` of :math:`q = \sin^2 a` and :math:`\cos a \ge 0`; the series where q is small."""
    small = plain(square) < 1e-3
    sine = sqrt(where(small, 1.0, square))
    factor, terms = 1.0, []
    for k in range(1, 7):  # asin(s) / s = 1 + s^2 / 6 + 3 s^4 / 40 + ...
        factor *= (2 * k - 1) / (2 * k)
        terms.append(factor / (2 * k + 1))
    series = square * terms[-1]
    for term in terms[-2::-1]:
        series = square * (series + term)
    return where(small, 1.0 + series, arctan2(sine, where(small, 1.0, cosine)) / sine)


def rotation_of_matrix(matrix: np.ndarray) -> np.ndarray:
    """Angles (n,) or rotation vectors (n, 3) of rotation matrices; for estimates, without derivative."""
    if matrix.shape[-1] == 2:
        return np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0])
    from scipy.spatial.transform import Rotation

    if not len(matrix):
        return np.zeros((0, 3))
    return Rotation.from_matrix(matrix).as_rotvec()
