r"""The families of transforms that a network can steer: from few numbers per image to a warp.

A row of parameters (n, k) becomes the theta of one of the fused warps. All of them map output coordinates to
input coordinates. Rotations are R, scale factors s, translations t:

============  ========================================  =======================================
family        parameters, in this order                 map
============  ========================================  =======================================
translation   t                                         :math:`p + t`
attention     s, t                                      :math:`s p + t`
rigid         angle or rotation vector, t               :math:`R p + t`
similarity    s, angle or rotation vector, t            :math:`s R p + t`
affine        rows of [A b]                             :math:`A p + b`
projective    rows of the homogeneous H but its last 1  :math:`H p` divided by its last element
tps           places of a lattice of control points     thin-plate spline through them
displacement  a vector per output pixel                 :math:`p + u(p)`
============  ========================================  =======================================
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain
from warpkit.ops import broadcast_to, concatenate, cos, matmul, sin, sqrt, where
from warpkit.warping import warp_affine, warp_projective, warp_tps
from warpkit.warping._warp_tps import warp_field

LATTICE = 4  # control points along each axis: 16 in 2D, as in the STN paper


@dataclass(frozen=True)
class Family:
    """One family; `shape` is the spatial shape of the output."""

    identity: Callable[[tuple[int, ...]], np.ndarray]  # shape -> the k parameters that change nothing
    theta: Callable[[Array, tuple[int, ...]], Array]  # (parameters (n, k), shape) -> what `warp` takes
    warp: Callable[..., Array] = warp_affine  # (image, theta, shape, **options) -> warped image


def _eye(like: Array, ndim: int) -> Array:
    """Unit matrices (n, ndim, ndim)."""
    unit = namespace(plain(like)).eye(ndim, dtype=like.dtype)
    return broadcast_to(unit, (like.shape[0], ndim, ndim))


def _affine_of(matrix: Array, offset: Array) -> Array:
    """[A t] of (n, ndim, ndim) and (n, ndim)."""
    return concatenate(matrix, offset.reshape(*offset.shape, 1), axis=-1)


def rotation_2d(angle: Array) -> Array:
    """Rotation matrices (n, 2, 2) of angles (n, 1) in radians, from x towards y."""
    c, s = cos(angle), sin(angle)
    return concatenate(c, -s, s, c, axis=1).reshape(-1, 2, 2)


def rotation_3d(vector: Array) -> Array:
    r"""Rotation matrices (n, 3, 3) of rotation vectors (n, 3): axis times angle in radians.

    Rodrigues' formula, with :math:`K p = w \times p` and :math:`\theta = \lVert w \rVert`,

    .. math:: R = I + \frac{\sin\theta}{\theta} K
        + \frac12 \left(\frac{\sin(\theta/2)}{\theta/2}\right)^2 K^2.
    """
    x, y, z = (vector[:, i : i + 1] for i in range(3))
    zero = x * 0.0
    k = concatenate(zero, -z, y, z, zero, -x, -y, x, zero, axis=1).reshape(-1, 3, 3)
    square = (vector * vector).sum(axis=1).reshape(-1, 1, 1)
    half = _sinc_of_root(square / 4.0)
    return _eye(vector, 3) + _sinc_of_root(square) * k + 0.5 * half * half * matmul(k, k)


def _sinc_of_root(square: Array) -> Array:
    r""":math:`\sin\theta / \theta` as the smooth function of :math:`q = \theta^2` that it is.

    The quotient has no derivative at 0 in floating point; there the series is used, whose next term,
    :math:`q^4 / 9!`, is below 1e-17.
    """
    small = plain(square) < 1e-3
    angle = sqrt(where(small, 1.0, square))  # any number but 0, where the quotient is not used
    series = 1.0 - square / 6.0 * (1.0 - square / 20.0 * (1.0 - square / 42.0))
    return where(small, series, sin(angle) / angle)


def _rotation(parameters: Array, ndim: int) -> Array:
    return rotation_2d(parameters) if ndim == 2 else rotation_3d(parameters)


def _angles(ndim: int) -> int:
    """Number of parameters of a rotation."""
    return 1 if ndim == 2 else 3


def _translation(parameters: Array, shape: tuple[int, ...]) -> Array:
    return _affine_of(_eye(parameters, len(shape)), parameters)


def _attention(parameters: Array, shape: tuple[int, ...]) -> Array:
    scale = parameters[:, :1].reshape(-1, 1, 1)
    return _affine_of(scale * _eye(parameters, len(shape)), parameters[:, 1:])


def _rigid(parameters: Array, shape: tuple[int, ...]) -> Array:
    split = _angles(len(shape))
    return _affine_of(_rotation(parameters[:, :split], len(shape)), parameters[:, split:])


def _similarity(parameters: Array, shape: tuple[int, ...]) -> Array:
    scale, split = parameters[:, :1].reshape(-1, 1, 1), 1 + _angles(len(shape))
    return _affine_of(scale * _rotation(parameters[:, 1:split], len(shape)), parameters[:, split:])


def _affine(parameters: Array, shape: tuple[int, ...]) -> Array:
    ndim = len(shape)
    return parameters.reshape(-1, ndim, ndim + 1)


def _projective(parameters: Array, shape: tuple[int, ...]) -> Array:
    side = len(shape) + 1
    last = namespace(plain(parameters)).ones((parameters.shape[0], 1), parameters.dtype)
    return concatenate(parameters, last, axis=1).reshape(-1, side, side)


def control_points(ndim: int) -> np.ndarray:
    """A regular lattice (4^ndim, ndim) from -1 to 1, x fastest.

    Its numbers are float32's, so that a bias in float32 can be the identity exactly.
    """
    places = np.linspace(-1.0, 1.0, LATTICE, dtype=np.float32).astype(np.float64)
    axes = np.meshgrid(*[places] * ndim, indexing="ij")
    return np.stack(axes[::-1], axis=-1).reshape(-1, ndim)


def _tps(parameters: Array, shape: tuple[int, ...]) -> Array:
    return parameters.reshape(parameters.shape[0], -1, len(shape))


def _warp_tps(image: Array, theta: Array, shape: tuple[int, ...], **options: Any) -> Array:
    points = namespace(plain(theta)).asarray(control_points(len(shape)))
    return warp_tps(image, theta, points, shape, **options)


def _displacement(parameters: Array, shape: tuple[int, ...]) -> Array:
    return parameters.reshape(parameters.shape[0], *shape, len(shape))


def _warp_displacement(image: Array, theta: Array, shape: tuple[int, ...], **options: Any) -> Array:
    del shape
    return warp_field(image, theta, options.pop("frame"), options)


def _no_change(shape: tuple[int, ...], scales: int = 0, rotates: bool = False) -> np.ndarray:
    """Scale 1, no rotation, no translation."""
    return np.concatenate([np.ones(scales), np.zeros(rotates * _angles(len(shape)) + len(shape))])


FAMILIES = {
    "translation": Family(_no_change, _translation),
    "attention": Family(lambda shape: _no_change(shape, scales=1), _attention),
    "rigid": Family(lambda shape: _no_change(shape, rotates=True), _rigid),
    "similarity": Family(lambda shape: _no_change(shape, scales=1, rotates=True), _similarity),
    "affine": Family(lambda shape: np.eye(len(shape), len(shape) + 1).ravel(), _affine),
    "projective": Family(lambda shape: np.eye(len(shape) + 1).ravel()[:-1], _projective, warp_projective),
    "tps": Family(lambda shape: control_points(len(shape)).ravel(), _tps, _warp_tps),
    "displacement": Family(
        lambda shape: np.zeros((*shape, len(shape))).ravel(), _displacement, _warp_displacement
    ),
}
