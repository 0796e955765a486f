"""Sums, means and maxima over axes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain, wrong_value

from ._elementary import exp
from ._shape import broadcast_to

Axis = int | tuple[int, ...] | None


def _axes(ndim: int, axis: Axis) -> tuple[int, ...]:
    """The axes as non-negative numbers."""
    given = range(ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    for i in given:
        if not -ndim <= i < ndim:
            raise wrong_value("axis", f"axes of an array of {ndim} dimensions", axis)
    return tuple(i % ndim for i in given)


def _reduced(x: ArraySpec, axis: Axis, keepdims: bool) -> ArraySpec:
    axes = _axes(x.ndim, axis)
    kept = [1 if i in axes else n for i, n in enumerate(x.shape) if keepdims or i not in axes]
    return ArraySpec(tuple(kept), x.dtype)


def _restore(ct: Array, x: Any, axis: Axis) -> Array:
    """Spread a value of the reduced shape over the axes that were reduced."""
    axes = _axes(len(x.shape), axis)
    return broadcast_to(
        ct.reshape(tuple(1 if i in axes else n for i, n in enumerate(x.shape))), tuple(x.shape)
    )


@op(linear=("x",))
def sum(x: Array, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> Array:
    """Sum over axes; all by default. `dtype` is what is summed in and returned."""
    return namespace(x).sum(x, axis=axis, keepdims=keepdims, dtype=dtype)


@sum.spec
def _sum_spec(x, axis, keepdims, dtype):
    reduced = _reduced(x, axis, keepdims)
    if dtype is None:
        dtype = np.sum(np.empty(0, x.dtype)).dtype  # small integers are summed in wide ones
    return reduced.with_dtype(dtype)


@sum.vjp.rule
def _sum_vjp(ct_out, x, *, needs, axis, keepdims, dtype):
    del needs, keepdims, dtype
    spread = _restore(ct_out, x, axis)
    return (spread if spread.dtype == x.dtype else spread.astype(x.dtype),)


@sum.jvp.rule
def _sum_jvp(tangents, x, *, axis, keepdims, dtype):
    del x
    return sum(tangents[0], axis, keepdims, dtype)


@op(linear=("x",))
def mean(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Mean over axes; all by default."""
    count = math.prod(x.shape[i] for i in _axes(len(x.shape), axis))
    return sum(x, axis, keepdims) / count


@mean.spec
def _mean_spec(x, axis, keepdims):
    if not x.differentiable:
        raise TypeError(f"x: expected a floating dtype, given {x.dtype}")
    if math.prod(x.shape[i] for i in _axes(x.ndim, axis)) == 0:
        raise wrong_value("x", "at least one element to average", f"shape {x.shape}")
    return _reduced(x, axis, keepdims)


@op()
def amax(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    """Largest value over axes; where several are equal, each gets an equal share of the cotangent."""
    return namespace(x).max(x, axis=axis, keepdims=keepdims)


@amax.spec
def _amax_spec(x, axis, keepdims):
    if math.prod(x.shape[i] for i in _axes(x.ndim, axis)) == 0:
        raise wrong_value("x", "at least one element to take the maximum of", f"shape {x.shape}")
    return _reduced(x, axis, keepdims)


def _share_of_largest(x: Array, axis: Axis) -> Array:
    """1 at a single maximum, 1/k at each of k equal ones, 0 elsewhere; it has no derivative."""
    values = plain(x)
    largest = values == namespace(values).max(values, axis=axis, keepdims=True)
    return (largest / largest.sum(axis=axis, keepdims=True)).astype(values.dtype)


@amax.vjp.rule
def _amax_vjp(ct_out, x, *, needs, axis, keepdims):
    del needs, keepdims
    return (_restore(ct_out, x, axis) * _share_of_largest(x, axis),)


@amax.jvp.rule
def _amax_jvp(tangents, x, *, axis, keepdims):
    return sum(tangents[0] * _share_of_largest(x, axis), axis, keepdims)


@op()
def logsumexp(x: Array, axis: Axis = None, keepdims: bool = False) -> Array:
    r"""Logarithm of the sum of exponentials over axes, without overflow.

    Notes
    -----
    :math:`\bar x = \bar y \,\mathrm{softmax}(x)`.
    """
    xp = namespace(x)
    top = xp.max(x, axis=axis, keepdims=True)
    top = xp.where(xp.isfinite(top), top, 0)
    out = xp.log(xp.sum(xp.exp(x - top), axis=axis, keepdims=True)) + top
    return out if keepdims else xp.squeeze(out, axis=_axes(x.ndim, axis))


@logsumexp.spec
def _logsumexp_spec(x, axis, keepdims):
    if not x.differentiable:
        raise TypeError(f"x: expected a floating dtype, given {x.dtype}")
    return _reduced(x, axis, keepdims)


def softmax(x: Array, axis: Axis = -1) -> Array:
    """Exponentials divided by their sum over `axis`."""
    return exp(x - logsumexp(x, axis, True))


@logsumexp.vjp.rule
def _logsumexp_vjp(ct_out, x, *, needs, axis, keepdims):
    del needs, keepdims
    return (_restore(ct_out, x, axis) * softmax(x, axis),)


@logsumexp.jvp.rule
def _logsumexp_jvp(tangents, x, *, axis, keepdims):
    return sum(tangents[0] * softmax(x, axis), axis, keepdims)


def _axis_samples(rng):
    for axis, keepdims in [(None, False), (1, True), ((0, 2), False)]:
        yield Sample((rng.standard_normal((2, 3, 4)),), {"axis": axis, "keepdims": keepdims})


for _op in (mean, amax, logsumexp):
    _op.samples(_axis_samples)


@sum.samples
def _sum_samples(rng):
    for sample in _axis_samples(rng):
        yield Sample(sample.arrays, {**sample.static, "dtype": None})
