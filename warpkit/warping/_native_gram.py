"""The compiled Gram matrices, for NumPy arrays: one pass over the points, and no array of their number."""

from __future__ import annotations

import ctypes
import math
from dataclasses import dataclass
from types import NotImplementedType
from typing import Any

import numpy as np

from warpkit._core import _native
from warpkit.grids import frame_scales
from warpkit.sampling._native_arguments import DTYPES, PROJECTIVE, Sampling, Spline, is_image, packed

from ._gram import joint_batch
from ._native_warp import Source, warp_arguments

MAX_RESIDUALS = 4
"""WK_MAX_RESIDUALS of ``warpkit/kernels/cpu/abi.h``."""


class LeastSquares(ctypes.Structure):
    """``struct wk_least_squares`` of ``warpkit/kernels/cpu/abi.h``."""

    _fields_ = [
        ("sampling", Sampling),
        ("fixed_dtype", ctypes.c_int32),
        ("weights_dtype", ctypes.c_int32),
        ("fixed_n", ctypes.c_int64),
        ("weights_n", ctypes.c_int64),
        ("residuals", ctypes.c_int64),
        ("fixed", ctypes.c_void_p),
        ("weights", ctypes.c_void_p),
        ("functions", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Sums:
    """Sums over the points of each item, of products of slopes `s`, features `f` and residuals `r`.

    The derivative of r by parameter (i, a) is :math:`s_i f_a`; see ``wk_normal_equations`` in ``abi.h``.
    """

    squares: np.ndarray
    """(n, i, a, j, b): of s_i f_a s_j f_b."""
    mixed: np.ndarray
    """(n, i, a): of s_i f_a r."""
    cost: np.ndarray
    """(n,): of r r."""

    def matrix(self) -> np.ndarray:
        """The Gram matrices, parameters in the order (i, a)."""
        n, *shape = self.mixed.shape
        count = math.prod(shape)
        out = np.empty((n, count + 1, count + 1))
        out[:, :-1, :-1] = self.squares.reshape(n, count, count)
        out[:, :-1, -1] = out[:, -1, :-1] = self.mixed.reshape(n, count)
        out[:, -1, -1] = self.cost
        return out


def find_sums(
    moving: Any,
    fixed: Any,
    weights: Any,
    source: Source,
    frame: str,
    functions: np.ndarray | None = None,
    **options: Any,
) -> Sums | NotImplementedType:
    """Sum up; `options` are kernel, boundary and fill_value. NotImplemented where no compiled kernel fits.

    A spline's features times `functions` take the place of its features.
    """
    if not (is_image(moving) and is_image(fixed) and is_image(weights)):
        return NotImplemented
    # Fixed images that all else is shared by differ in their residuals alone: one pass over the points.
    n = joint_batch(len(moving), len(weights), len(source.parameters))
    residuals = len(fixed) if n == 1 and 1 < len(fixed) <= MAX_RESIDUALS else 1
    n = n if residuals > 1 else joint_batch(n, len(fixed))
    shared = np.broadcast_to(source.parameters, (n, *source.parameters.shape[1:]))
    source = Source(source.code, np.ascontiguousarray(shared), source.shape, _framed(source, frame))
    moving, fixed, weights = packed(moving), packed(fixed), packed(weights)
    sampling = warp_arguments(moving.shape, moving.dtype, source, options)
    if sampling is None:
        return NotImplemented
    ndim = len(source.shape)
    scales, offsets = frame_scales(moving.shape[2:], frame)
    sampling.offset = (*offsets, *(0.0,) * (3 - ndim))
    slopes = ndim + (source.code == PROJECTIVE)
    features = sampling.spline.controls or ndim + 1
    out = np.zeros((n, _pairs(slopes) * _pairs(features) + residuals * (slopes * features + 1)))
    constant = all(length == 1 for length in weights.shape[1:])
    if functions is not None:
        functions = np.ascontiguousarray(functions)
    if n and fixed.size:
        sampling.image, sampling.out = moving.ctypes.data, out.ctypes.data
        arguments = LeastSquares(
            sampling, DTYPES[fixed.dtype], DTYPES[weights.dtype], len(fixed), len(weights), residuals
        )
        arguments.fixed, arguments.weights = fixed.ctypes.data, None if constant else weights.ctypes.data
        arguments.functions = None if functions is None else functions.ctypes.data
        _native.call("wk_normal_equations", arguments)
    if constant:
        factor = weights.reshape(-1, 1).astype(np.float64)
        out = np.where(factor != 0, factor * out, 0.0)
    return _unpacked(out, slopes, features, residuals, scales)


def _framed(source: Source, frame: str) -> Spline:
    """What tells the kernel of the output's frame; a spline knows it already."""
    if source.spline is not None:
        return source.spline
    spline = Spline(controls=0)
    for d, (scale, offset) in enumerate(zip(*frame_scales(source.shape, frame), strict=True)):
        spline.frame_scale[d], spline.frame_offset[d] = scale, offset
    return spline


def _pairs(count: int) -> int:
    return count * (count + 1) // 2


def _unpacked(out: np.ndarray, slopes: int, features: int, residuals: int, scales: tuple[float, ...]) -> Sums:
    """From what the kernel wrote; slopes by pixels become slopes by coordinates in the image's frame.

    Residuals become items, whose squares are the same.
    """
    n, triangle = len(out), np.tril_indices(features)
    end = _pairs(slopes) * _pairs(features)
    pairs = out[:, :end].reshape(n, _pairs(slopes), _pairs(features))
    # A homography's denominator has no unit.
    factors = np.array([*scales, *(1.0,) * (slopes - len(scales))])
    squares = np.empty((n, slopes, features, slopes, features))
    block = np.empty((n, features, features))
    for j in range(slopes):
        for i in range(j + 1):
            block[:, triangle[0], triangle[1]] = pairs[:, _pairs(j) + i] * (factors[i] * factors[j])
            block[:, triangle[1], triangle[0]] = block[:, triangle[0], triangle[1]]
            squares[:, i, :, j, :] = squares[:, j, :, i, :] = block
    mixed = out[:, end:-residuals].reshape(n * residuals, slopes, features) * factors[:, None]
    return Sums(squares.repeat(residuals, axis=0), mixed, out[:, -residuals:].ravel())
