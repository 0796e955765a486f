"""What other libraries know of a transform: one homogeneous matrix."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from warpkit._core import plain, to_numpy, wrong_type, wrong_value
from warpkit.transforms import (
    WORLD,
    AbstractAffine,
    AbstractMatrix,
    AbstractTransform,
    Affine,
    Composed,
    Projective,
    Rigid,
    Similarity,
)
from warpkit.transforms._rotation import rotation_of_matrix

PROPER = 1e-5  # so far may a matrix in float32, rounded at 6e-8 each time, be from a rotation


def check_transform(
    transform: Any, frame: str, kinds: tuple[type[AbstractTransform], ...], called: str
) -> None:
    """Check that a transform is of these kinds, in this frame, and one map, not a batch.

    Raises
    ------
    TypeError
        If it is of another kind; `called` says what was expected.
    ValueError
        If its frame is another, or its batch not 1.
    """
    if not isinstance(transform, kinds):
        raise wrong_type("transform", called, transform)
    check_frame(transform, frame)
    if transform.n != 1:
        raise wrong_value("transform", "one map, a batch of 1", f"a batch of {transform.n}")


def check_frame(transform: AbstractTransform, frame: str) -> None:
    """Raise a ValueError, which says how to turn it, unless the transform is of this frame."""
    if transform.frame != frame:
        spaces = "the two geometries" if WORLD in (frame, transform.frame) else "the two shapes"
        expected = f"the frame {frame!r} (transform.to_frame({frame!r}, in_space, out_space), with {spaces})"
        raise wrong_value("transform", expected, f"the frame {transform.frame!r}")


def homogeneous(transform: Any, frame: str) -> np.ndarray:
    """The matrix (ndim + 1, ndim + 1), in float64, of one affine or projective map.

    A homography whose origin is past the horizon is :class:`Composed` of two; their product has its matrix.
    """
    check_transform(transform, frame, (AbstractMatrix, Composed), "an affine map or a Projective")
    if isinstance(transform, Composed):
        return reduce(np.matmul, [homogeneous(part, frame) for part in transform.transforms])
    theta: np.ndarray = to_numpy(plain(transform.to_projective().theta))[0].astype(np.float64)
    return theta


def affine_matrix(transform: Any, frame: str) -> np.ndarray:
    """The matrix (ndim + 1, ndim + 1), in float64, of one affine map."""
    check_transform(transform, frame, (AbstractAffine,), "an affine map")
    return homogeneous(transform, frame)


def numbers(argument: str, given: Any, shapes: tuple[tuple[int, ...], ...]) -> np.ndarray:
    """Finite numbers of one of these shapes, in float64."""
    try:
        array = np.array(given, np.float64)
    except (TypeError, ValueError):
        raise wrong_type(argument, "an array of real numbers", given) from None
    if array.shape not in shapes:
        expected = " or ".join(str(shape) for shape in shapes)
        raise wrong_value(argument, f"shape {expected}", f"shape {array.shape}")
    if not np.isfinite(array).all():
        raise wrong_value(argument, "finite numbers", array.tolist())
    return array


def affine_of(matrix: np.ndarray, frame: str) -> Affine:
    """An affine map with this matrix, (ndim, ndim + 1) or with a last row of (0, ..., 0, 1)."""
    rows = matrix.shape[1] - 1
    if matrix.shape[0] > rows and not np.array_equal(matrix[rows], np.eye(rows + 1)[rows]):
        raise wrong_value("matrix", "a last row of zeros and a 1", matrix[rows].tolist())
    return Affine(matrix[None, :rows], frame=frame)


def projective_of(matrix: np.ndarray, frame: str) -> Projective:
    """A projective map with this matrix (ndim + 1, ndim + 1)."""
    return Projective(matrix[None], frame=frame)


def similarity_of(matrix: np.ndarray, frame: str) -> Similarity:
    """A similarity with this matrix (ndim + 1, ndim + 1), which must be one's."""
    linear = matrix[:-1, :-1]
    determinant = np.linalg.det(linear)
    scale = abs(determinant) ** (1 / len(linear))
    _check_rotation(linear, scale, determinant, "a positive scale times a rotation")
    rotation = rotation_of_matrix(linear[None] / scale)
    return Similarity(np.array([scale]), rotation, matrix[None, :-1, -1], frame=frame)


def rigid_of(matrix: np.ndarray, frame: str) -> Rigid:
    """A rigid motion with this matrix (ndim + 1, ndim + 1), which must be one's."""
    linear = matrix[:-1, :-1]
    _check_rotation(linear, 1.0, np.linalg.det(linear), "a rotation")
    return Rigid(rotation_of_matrix(linear[None]), matrix[None, :-1, -1], frame=frame)


def _check_rotation(linear: np.ndarray, scale: float, determinant: float, expected: str) -> None:
    unit = scale**2 * np.eye(len(linear))
    if not (determinant > 0 and np.allclose(linear.T @ linear, unit, rtol=0, atol=PROPER * scale**2)):
        raise wrong_value("matrix", f"{expected}, as its class says", linear.tolist())


def reversed_axes(matrix: np.ndarray) -> np.ndarray:
    """The same map (ndim + 1, ndim + 1) of coordinates in the opposite order: (x, y, z) for (z, y, x)."""
    turned = matrix.copy()
    turned[:-1] = turned[-2::-1]
    turned[:, :-1] = turned[:, -2::-1]
    return turned
