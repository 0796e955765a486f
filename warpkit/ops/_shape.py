"""Ops that move elements without changing them; each one's adjoint moves them back."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, check_shape, namespace, op, wrong_value, zeros_like
from warpkit._core._static import Slice

from ._broadcasting import unbroadcast


@op(linear=("x",))
def reshape(x: Array, shape: tuple[int, ...]) -> Array:
    """The same elements in another shape; one length may be -1."""
    return x.reshape(shape)


@reshape.spec
def _reshape_spec(x, shape):
    if shape.count(-1) == 1:
        rest = -math.prod(shape)
        shape = tuple((x.size // rest if rest else 0) if n == -1 else n for n in shape)
    if math.prod(check_shape(shape)) != x.size:
        raise wrong_value("shape", f"{x.size} elements, as in {x.shape}", shape)
    return ArraySpec(shape, x.dtype)


@reshape.vjp.rule
def _reshape_vjp(ct_out, x, *, needs, shape):
    del needs, shape
    return (reshape(ct_out, tuple(x.shape)),)


@reshape.jvp.rule
def _reshape_jvp(tangents, x, *, shape):
    del x
    return reshape(tangents[0], shape)


@op(linear=("x",))
def transpose(x: Array, axes: tuple[int, ...] | None = None) -> Array:
    """The axes in another order: output axis i is input axis ``axes[i]``; reversed by default."""
    return x.transpose(axes)


@transpose.spec
def _transpose_spec(x, axes):
    axes = tuple(reversed(range(x.ndim))) if axes is None else axes
    if sorted(i % max(x.ndim, 1) for i in axes) != list(range(x.ndim)):
        raise wrong_value("axes", f"a permutation of {x.ndim} axes", axes)
    return ArraySpec(tuple(x.shape[i] for i in axes), x.dtype)


@transpose.vjp.rule
def _transpose_vjp(ct_out, x, *, needs, axes):
    del needs
    if axes is None:
        return (transpose(ct_out),)
    return (transpose(ct_out, tuple(int(i) for i in np.argsort([a % len(x.shape) for a in axes]))),)


@transpose.jvp.rule
def _transpose_jvp(tangents, x, *, axes):
    del x
    return transpose(tangents[0], axes)


def moveaxis(x: Array, source: int, destination: int) -> Array:
    """The axis `source` moved to position `destination`."""
    axes = list(range(len(x.shape)))
    axes.insert(destination % len(axes), axes.pop(source % len(axes)))
    return transpose(x, tuple(axes))


@op(linear=("x",))
def broadcast_to(x: Array, shape: tuple[int, ...]) -> Array:
    """The array repeated along axes of length 1 and along new leading axes."""
    return namespace(x).broadcast_to(x, shape)


@broadcast_to.spec
def _broadcast_to_spec(x, shape):
    try:
        fits = np.broadcast_shapes(x.shape, shape) == tuple(shape)
    except ValueError:
        fits = False
    if not fits:
        raise wrong_value("shape", f"a shape that {x.shape} broadcasts to", shape)
    return ArraySpec(tuple(shape), x.dtype)


@broadcast_to.vjp.rule
def _broadcast_to_vjp(ct_out, x, *, needs, shape):
    del needs, shape
    return (unbroadcast(ct_out, x),)


@broadcast_to.jvp.rule
def _broadcast_to_jvp(tangents, x, *, shape):
    del x
    return broadcast_to(tangents[0], shape)


@op()
def concatenate(*arrays: Array, axis: int = 0) -> Array:
    """Arrays joined along an axis."""
    return namespace(*arrays).concatenate(arrays, axis=axis)


@concatenate.spec
def _concatenate_spec(*arrays, axis):
    first = arrays[0]
    axis = axis % first.ndim
    for i, x in enumerate(arrays):
        if x.shape[:axis] + x.shape[axis + 1 :] != first.shape[:axis] + first.shape[axis + 1 :]:
            raise wrong_value(f"arrays[{i}]", f"the shape {first.shape} but for axis {axis}", x.shape)
    length = sum(x.shape[axis] for x in arrays)
    shape = (*first.shape[:axis], length, *first.shape[axis + 1 :])
    return ArraySpec(shape, np.result_type(*[x.dtype for x in arrays]))


@concatenate.vjp.rule
def _concatenate_vjp(ct_out, *arrays, needs, axis):
    ends = np.cumsum([x.shape[axis] for x in arrays]).tolist()
    before = (slice(None),) * (axis % len(ct_out.shape))
    return tuple(
        unbroadcast(getitem(ct_out, (*before, slice(end - x.shape[axis], end))), x) if need else None
        for x, end, need in zip(arrays, ends, needs, strict=True)
    )


@concatenate.jvp.rule
def _concatenate_jvp(tangents, *arrays, axis):
    return concatenate(
        *[zeros_like(x) if t is None else t for t, x in zip(tangents, arrays, strict=True)], axis=axis
    )


def stack(arrays: Any, axis: int = 0) -> Array:
    """Arrays of one shape joined along a new axis."""
    ndim = len(arrays[0].shape) + 1
    axis = axis % ndim
    shape = tuple(arrays[0].shape)
    return concatenate(*[reshape(x, (*shape[:axis], 1, *shape[axis:])) for x in arrays], axis=axis)


def _thaw(index: Any) -> Any:
    if isinstance(index, tuple):
        return tuple(_thaw(i) for i in index)
    return index.thaw() if isinstance(index, Slice) else index


@op(linear=("x",))
def getitem(x: Array, index: Any) -> Array:
    """The part of an array that integers, slices, None and Ellipsis select."""
    return x[_thaw(index)]


@getitem.spec
def _getitem_spec(x, index):
    for i in index if isinstance(index, tuple) else (index,):
        if isinstance(i, bool) or not (i is None or i is Ellipsis or isinstance(i, (int, Slice))):
            raise wrong_value("index", "integers, slices, None and Ellipsis", index)
    # A stride-0 stand-in of the same shape indexes like the array, and costs nothing.
    return ArraySpec(np.broadcast_to(np.empty((), x.dtype), x.shape)[_thaw(index)].shape, x.dtype)


@getitem.vjp.rule
def _getitem_vjp(ct_out, x, *, needs, index):
    del needs
    return (place(ct_out, index, tuple(x.shape)),)


@getitem.jvp.rule
def _getitem_jvp(tangents, x, *, index):
    del x
    return getitem(tangents[0], index)


@op(linear=("x",))
def place(x: Array, index: Any, shape: tuple[int, ...]) -> Array:
    """Zeros of `shape` with `x` at `index`: the adjoint of :func:`getitem`."""
    out = namespace(x).zeros(shape, x.dtype)
    out[_thaw(index)] = x
    return out


@place.spec
def _place_spec(x, index, shape):
    expected = _getitem_spec(ArraySpec(shape, x.dtype), index)
    if expected.shape != x.shape:
        raise wrong_value("x", f"shape {expected.shape}, that of the place", x.shape)
    return ArraySpec(shape, x.dtype)


@place.vjp.rule
def _place_vjp(ct_out, x, *, needs, index, shape):
    del x, needs, shape
    return (getitem(ct_out, index),)


@place.jvp.rule
def _place_jvp(tangents, x, *, index, shape):
    del x
    return place(tangents[0], index, shape)


@reshape.samples
def _reshape_samples(rng):
    yield Sample((rng.standard_normal((2, 6)),), {"shape": (3, 4)})
    yield Sample((rng.standard_normal((2, 6)),), {"shape": (-1,)})


@transpose.samples
def _transpose_samples(rng):
    yield Sample((rng.standard_normal((2, 3, 4)),), {"axes": None})
    yield Sample((rng.standard_normal((2, 3, 4)),), {"axes": (1, 2, 0)})


@broadcast_to.samples
def _broadcast_to_samples(rng):
    yield Sample((rng.standard_normal((3, 1)),), {"shape": (2, 3, 4)})


@concatenate.samples
def _concatenate_samples(rng):
    yield Sample((rng.standard_normal((2, 3)), rng.standard_normal((2, 1))), {"axis": 1})
    yield Sample((rng.standard_normal((1, 3)), rng.standard_normal((2, 3))), {"axis": -2})


@getitem.samples
def _getitem_samples(rng):
    yield Sample((rng.standard_normal((4, 5)),), {"index": (Slice(1, None, 2), -1)})
    yield Sample((rng.standard_normal((4, 5)),), {"index": (Ellipsis, None, Slice(None, None, -1))})


@place.samples
def _place_samples(rng):
    yield Sample((rng.standard_normal((2,)),), {"index": (Slice(1, None, 2), -1), "shape": (4, 5)})
