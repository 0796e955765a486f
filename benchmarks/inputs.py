"""The arrays of a case: the same in every library's process."""

from __future__ import annotations

import math

import numpy as np

from .cases import Case


def make_inputs(case: Case) -> dict[str, np.ndarray]:
    """The arguments by name, in float32, in warpkit's layout and in normalized coordinates.

    `image`, then `grid`, or `theta`, or `theta` and `control_points`; `ct_out` where there are gradients.
    """
    inputs = {"image": smooth_image(case.shape, seed=0)}
    if case.op == "warp_tps":
        inputs["control_points"], inputs["theta"] = spline(case)
    elif case.op == "warp_affine":
        inputs["theta"] = affine(case)
    else:
        inputs["grid"] = affine_points(affine(case), case.shape[2:])
    if case.gradients:
        inputs["ct_out"] = smooth_image(case.shape, seed=1)
    return inputs


def smooth_image(shape: tuple[int, ...], seed: int) -> np.ndarray:
    """Waves of 16 to 64 pixels along each axis, between 0 and 1, different in each channel.

    Smooth, because libraries round coordinates differently: on noise, a thousandth of a pixel would look like
    an error, and the side from which a kink is seen would matter. How long a warp takes is no matter of it.
    """
    rng = np.random.default_rng(seed)
    ndim = len(shape) - 2
    image = np.full(shape, 0.5, np.float32)
    for axis in range(2, len(shape)):
        places = np.arange(shape[axis]).reshape([-1 if i == axis else 1 for i in range(len(shape))])
        each = shape[:2] + (1,) * ndim
        wave = np.sin(2 * math.pi * (places / rng.uniform(16, 64, each) + rng.random(each)))
        image += (0.5 / ndim * wave).astype(np.float32)
    return image


def affine(case: Case) -> np.ndarray:
    """Theta (n, ndim, ndim + 1): a turn about the centre, in 3D about z after one about x, and a zoom."""
    cos, sin = math.cos(case.angle), math.sin(case.angle)
    matrix = np.array([[cos, -sin], [sin, cos]])
    if case.ndim == 3:
        about_z, about_x = np.eye(3), np.eye(3)
        about_z[:2, :2], about_x[1:, 1:] = matrix, matrix
        matrix = about_z @ about_x
    theta = np.concatenate([case.zoom * matrix, np.zeros((case.ndim, 1))], axis=1)
    return np.repeat(theta[None], case.shape[0], axis=0).astype(np.float32)


def affine_points(theta: np.ndarray, spatial: tuple[int, ...]) -> np.ndarray:
    """The grid (n, *spatial, ndim) of an affine map: in float64, then rounded to float32."""
    theta = theta.astype(np.float64)
    centres = [(2 * np.arange(size) + 1) / size - 1 for size in spatial]
    axes = np.meshgrid(*centres, indexing="ij", sparse=True)[::-1]  # x, y[, z]
    grid = np.empty((len(theta), *spatial, len(spatial)), np.float32)
    for item, matrix in zip(grid, theta, strict=True):
        for i, row in enumerate(matrix):
            item[..., i] = sum(a * axis for a, axis in zip(row, axes, strict=False)) + row[-1]
    return grid


def spline(case: Case) -> tuple[np.ndarray, np.ndarray]:
    """A square lattice of control points (k, 2), and where they lie in the input (n, k, 2)."""
    side = math.isqrt(case.control_points)
    places = np.linspace(-0.8, 0.8, side)
    points = np.stack(np.meshgrid(places, places), axis=-1).reshape(-1, 2)
    reach = 0.3 / side  # a good part of the lattice's spacing, without folding the plane
    moved = points + np.random.default_rng(2).uniform(-reach, reach, (case.shape[0], *points.shape))
    return points.astype(np.float32), moved.astype(np.float32)


def pixel_theta(theta: np.ndarray, spatial: tuple[int, ...]) -> np.ndarray:
    """Theta of normalized coordinates as a homogeneous map of pixels, (n, ndim + 1, ndim + 1) in float64."""
    to_pixels, ndim = pixels_from_normalized(spatial), len(spatial)
    square = np.concatenate([theta, np.repeat(np.eye(ndim + 1)[None, -1:], len(theta), axis=0)], axis=1)
    return to_pixels @ square @ np.linalg.inv(to_pixels)


def pixels_from_normalized(spatial: tuple[int, ...]) -> np.ndarray:
    """The homogeneous matrix p = (N g + N - 1) / 2, along x, y[, z]."""
    sizes = np.array(spatial[::-1], np.float64)
    matrix = np.diag([*sizes / 2, 1.0])
    matrix[:-1, -1] = (sizes - 1) / 2
    return matrix
