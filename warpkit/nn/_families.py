r"""The families of transforms that a network can steer: from few numbers per image to a warp.

A row of parameters (n, k) becomes a transform. All of them map output coordinates to input coordinates.
Rotations are R, scale factors s, translations t:

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

import numpy as np

from warpkit._core import Array, namespace, plain
from warpkit.ops import concatenate
from warpkit.transforms import (
    AbstractTransform,
    Affine,
    Attention,
    Displacement,
    Projective,
    Rigid,
    Similarity,
    ThinPlateSpline,
    Translation,
)

LATTICE = 4  # control points along each axis: 16 in 2D, as in the STN paper


@dataclass(frozen=True)
class Family:
    """One family; `shape` is the spatial shape of the output."""

    identity: Callable[[tuple[int, ...]], np.ndarray]  # shape -> the k parameters that change nothing
    transform: Callable[[Array, tuple[int, ...], str], AbstractTransform]  # (parameters (n, k), shape, frame)


def _translation(parameters: Array, shape: tuple[int, ...], frame: str) -> Translation:
    del shape
    return Translation(parameters, frame=frame)


def _attention(parameters: Array, shape: tuple[int, ...], frame: str) -> Attention:
    del shape
    return Attention(parameters[:, 0], parameters[:, 1:], frame=frame)


def _rotation(parameters: Array, ndim: int) -> tuple[Array, Array]:
    """Split parameters into an angle (n,) or a rotation vector (n, 3), and the rest."""
    return (parameters[:, 0], parameters[:, 1:]) if ndim == 2 else (parameters[:, :3], parameters[:, 3:])


def _rigid(parameters: Array, shape: tuple[int, ...], frame: str) -> Rigid:
    return Rigid(*_rotation(parameters, len(shape)), frame=frame)


def _similarity(parameters: Array, shape: tuple[int, ...], frame: str) -> Similarity:
    return Similarity(parameters[:, 0], *_rotation(parameters[:, 1:], len(shape)), frame=frame)


def _affine(parameters: Array, shape: tuple[int, ...], frame: str) -> Affine:
    return Affine(parameters.reshape(-1, len(shape), len(shape) + 1), frame=frame)


def _projective(parameters: Array, shape: tuple[int, ...], frame: str) -> Projective:
    side = len(shape) + 1
    last = namespace(plain(parameters)).ones((parameters.shape[0], 1), parameters.dtype)
    return Projective(concatenate(parameters, last, axis=1).reshape(-1, side, side), frame=frame)


def control_points(ndim: int) -> np.ndarray:
    """A regular lattice (4^ndim, ndim) from -1 to 1, x fastest.

    Its numbers are float32's, so that a bias in float32 can be the identity exactly.
    """
    places = np.linspace(-1.0, 1.0, LATTICE, dtype=np.float32).astype(np.float64)
    axes = np.meshgrid(*[places] * ndim, indexing="ij")
    return np.stack(axes[::-1], axis=-1).reshape(-1, ndim)


def _tps(parameters: Array, shape: tuple[int, ...], frame: str) -> ThinPlateSpline:
    theta = parameters.reshape(parameters.shape[0], LATTICE ** len(shape), len(shape))
    points = namespace(plain(theta)).asarray(control_points(len(shape)))
    return ThinPlateSpline(theta, points, frame=frame)


def _displacement(parameters: Array, shape: tuple[int, ...], frame: str) -> Displacement:
    return Displacement(parameters.reshape(parameters.shape[0], *shape, len(shape)), frame=frame)


def _no_change(shape: tuple[int, ...], scales: int = 0, rotates: bool = False) -> np.ndarray:
    """Scale 1, no rotation, no translation."""
    ndim = len(shape)
    angles = (1 if ndim == 2 else 3) if rotates else 0
    return np.concatenate([np.ones(scales), np.zeros(angles + ndim)])


FAMILIES = {
    "translation": Family(_no_change, _translation),
    "attention": Family(lambda shape: _no_change(shape, scales=1), _attention),
    "rigid": Family(lambda shape: _no_change(shape, rotates=True), _rigid),
    "similarity": Family(lambda shape: _no_change(shape, scales=1, rotates=True), _similarity),
    "affine": Family(lambda shape: np.eye(len(shape), len(shape) + 1).ravel(), _affine),
    "projective": Family(lambda shape: np.eye(len(shape) + 1).ravel()[:-1], _projective),
    "tps": Family(lambda shape: control_points(len(shape)).ravel(), _tps),
    "displacement": Family(lambda shape: np.zeros((*shape, len(shape))).ravel(), _displacement),
}
