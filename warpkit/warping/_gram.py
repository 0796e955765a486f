r"""Gram matrices of residuals and their derivatives: what the ops of all families of transforms share.

With the residual :math:`r = V(\theta) - F` of a warped image, its Jacobian
:math:`J = \partial r / \partial\theta` and weights `W` of the output's points, a Gram matrix holds all inner
products of the columns of J and of r,

.. math:: G = (J\;\; r)^T\, W\, (J\;\; r)
   = \begin{pmatrix} J^T W J & J^T W r \\ r^T W J & r^T W r \end{pmatrix},

summed over points and channels in float64. No array of the size of J is made: the points are taken block by
block.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, plain, wrong_value
from warpkit.grids import frame_scales
from warpkit.ops import broadcast_to, concatenate, matmul, transpose, where
from warpkit.sampling import grid_sample
from warpkit.sampling._checks import (
    WEIGHTED_DTYPES,
    check_dimensions,
    check_fill_value,
    check_options,
)
from warpkit.sampling._gather import compute_dtype

ELEMENTS = 2**17
"""How many elements of J, of one item, are in memory at once."""

ITEMS = 16
"""How many items are computed together. Their blocks are those of one alone: none depends on the others."""

Linearized = Callable[[Array, Array], tuple[Array, Array]]
"""From theta (n, ...) and pixels of the output (1, m, ndim) to pixels of the input (n, m, ndim), and the
derivative of these by theta, (n or 1, m, ndim, parameters)."""


def gram(
    moving: Array, fixed: Array, weights: Array, theta: Array, linearized: Linearized, **options: Any
) -> Array:
    """The Gram matrices (n, parameters + 1, parameters + 1): the body of the ops."""
    size = math.prod(theta.shape[1:]) + 1
    arrays = (moving, fixed, weights, theta)
    n = joint_batch(*(x.shape[0] for x in arrays))
    if n == 0:
        return namespace(plain(theta)).zeros((0, size, size))

    def part(start: int) -> Array:
        own = [x if x.shape[0] == 1 else x[start : start + ITEMS] for x in arrays]
        return _summed(own, linearized, **options)

    parts = [part(start) for start in range(0, n, ITEMS)]
    return parts[0] if len(parts) == 1 else concatenate(*parts, axis=0)


def _summed(arrays: list[Array], linearized: Linearized, *, fill_value: float, **options: Any) -> Array:
    moving, fixed, weights, theta = arrays
    size, out_shape = math.prod(theta.shape[1:]) + 1, tuple(fixed.shape[2:])
    m = math.prod(out_shape)
    fill = float(np.dtype(moving.dtype).type(fill_value))  # a pixel like any other
    image = _as(moving, compute_dtype(moving.dtype))  # integers are not rounded
    wanted = _as(fixed.reshape(*fixed.shape[:2], m), np.float64)
    weight = _as(weights.reshape(weights.shape[0], 1, math.prod(weights.shape[1:]), 1), np.float64)
    n = joint_batch(*(x.shape[0] for x in arrays))
    total: Any = namespace(plain(theta)).zeros((n, size, size))
    for points in _blocks(m, fixed.shape[1] * size):
        pixels, jacobian = linearized(theta, output_pixels(points, out_shape, like=theta))
        rows = _rows(image, pixels, jacobian, wanted[:, :, points], fill_value=fill, frame="pixel", **options)
        total = _products(rows, weight if weight.shape[2] == 1 else weight[:, :, points]) + total
    return (total + transpose(total, (0, 2, 1))) / 2  # as symmetric as it is on paper


def _as(x: Array, dtype: Any) -> Array:
    return x if x.dtype == dtype else x.astype(dtype)


def _blocks(points: int, elements: int) -> Iterator[slice]:
    """Slices of so many points that the elements of all of them, so many each, fit."""
    step = max(ELEMENTS // max(elements, 1), 2)
    return (slice(start, min(start + step, points)) for start in range(0, points, step))


def _rows(image: Array, pixels: Array, jacobian: Array, wanted: Array, **sampling: Any) -> Array:
    """The rows of J and r, (n, c, m, parameters + 1)."""
    columns: Any = 0.0
    moves = (plain(jacobian) != 0).any(axis=-1)
    for d in range(pixels.shape[-1]):
        order = tuple(int(e == d) for e in range(pixels.shape[-1]))
        slope = _as(grid_sample(image, pixels, derivative=order, **sampling), np.float64)
        if not moves[:, :, d].all():
            slope = where(moves[:, None, :, d], slope, 0.0)  # what is at rest has no slope, not even NaN
        columns = slope.reshape(*slope.shape, 1) * jacobian[:, None, :, d] + columns
    residual = _as(grid_sample(image, pixels, **sampling), np.float64) - wanted
    n = joint_batch(columns.shape[0], residual.shape[0])
    residual, columns = (
        x if x.shape[0] == n else broadcast_to(x, (n, *x.shape[1:]))
        for x in (residual.reshape(*residual.shape, 1), columns)
    )
    return concatenate(columns, residual, axis=-1)


def _products(rows: Array, weight: Array) -> Array:
    """Inner products of columns; of a point without weight nothing counts, not even a NaN."""
    counts = plain(weight) != 0
    if not counts.all():
        rows = where(counts, rows, 0.0)
    weighted = rows * weight
    rows, weighted = (x.reshape(x.shape[0], math.prod(x.shape[1:3]), x.shape[3]) for x in (rows, weighted))
    return matmul(transpose(weighted, (0, 2, 1)), rows)


def output_pixels(points: slice, shape: tuple[int, ...], like: Array) -> Array:
    """Pixel coordinates (1, m, ndim) of the points of these numbers."""
    xp = namespace(plain(like))
    number = xp.arange(points.start, points.stop)
    columns = []
    for length in shape[::-1]:
        columns.append(number % length)
        number = number // length
    return xp.stack(columns, axis=-1)[None].astype(xp.float64)


def frame_points(pixels: Array, shape: tuple[int, ...], frame: str) -> Array:
    """The same points in a frame; 0 along an axis of one pixel in "corners"."""
    xp = namespace(pixels)
    scales, offsets = (xp.asarray(values) for values in frame_scales(shape, frame))
    return xp.where(scales != 0, (pixels - offsets) / xp.where(scales != 0, scales, 1.0), 0.0)


def scale_matrix(shape: tuple[int, ...], frame: str, like: Array) -> Array:
    """The scales of a frame on the diagonal, (ndim, ndim)."""
    return namespace(plain(like)).asarray(np.diag(frame_scales(shape, frame)[0]))


# ---- checks ------------------------------------------------------------------------------------------------


def joint_batch(*lengths: int) -> int:
    """The batch of arrays whose own are equal, or 1."""
    others = {length for length in lengths if length != 1}
    return others.pop() if others else 1


def check_residual(
    moving: ArraySpec,
    fixed: ArraySpec,
    weights: ArraySpec,
    theta: ArraySpec,
    ndim: int,
    *,
    kernel: str,
    boundary: str,
    fill_value: float,
    frame: str,
) -> ArraySpec:
    """Check what all families share, for a transform in `ndim` dimensions; tell the output's spec."""
    if moving.ndim != ndim + 2:
        expected = f"shape (n, c, *spatial) with {ndim} spatial axes, for theta of shape {theta.shape}"
        raise wrong_value("moving", expected, f"shape {moving.shape}")
    check_dimensions("moving", moving, ArraySpec((1, ndim), theta.dtype))
    check_options(kernel, boundary, frame)
    for name, spec in (("moving", moving), ("fixed", fixed), ("weights", weights)):
        if spec.dtype.name not in WEIGHTED_DTYPES:
            raise TypeError(f"{name}: expected one of {', '.join(WEIGHTED_DTYPES)}, given {spec.dtype}")
    check_fill_value(fill_value, moving)
    if 0 in moving.shape[2:]:
        raise wrong_value("moving", "at least one pixel on every spatial axis", f"shape {moving.shape}")
    channels = moving.shape[1]
    if fixed.ndim != ndim + 2 or fixed.shape[1] != channels:
        expected = f"shape (n, {channels}, *out_shape) with {ndim} spatial axes, as moving"
        raise wrong_value("fixed", expected, f"shape {fixed.shape}")
    out_shape = fixed.shape[2:]
    if weights.shape[1:] not in (out_shape, (1,) * ndim):
        expected = f"shape (n, {', '.join(map(str, out_shape))}), that of the points of fixed"
        raise wrong_value("weights", expected, f"shape {weights.shape}")
    batch = 1
    for name, spec in (("moving", moving), ("fixed", fixed), ("weights", weights), ("theta", theta)):
        if batch != spec.shape[0] and 1 not in (batch, spec.shape[0]):
            raise wrong_value(name, f"a batch of {batch}, or of 1", f"a batch of {spec.shape[0]}")
        batch = joint_batch(batch, spec.shape[0])
    size = math.prod(theta.shape[1:]) + 1
    return ArraySpec((batch, size, size), np.dtype(np.float64))


def sample_of(
    rng: np.random.Generator, theta: Array, spatial: tuple[int, ...], out_shape: tuple[int, ...], frame: str
) -> Sample:
    """Arguments for an op: images of two channels, and weights."""
    n = theta.shape[0]
    arrays = (
        rng.standard_normal((n, 2, *spatial)),
        rng.standard_normal((n, 2, *out_shape)),
        rng.uniform(0.5, 1.5, (n, *out_shape)),
        theta,
    )
    return Sample(arrays, {"kernel": "linear", "boundary": "mirror", "fill_value": 0.0, "frame": frame})
