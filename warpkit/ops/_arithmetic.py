"""Arithmetic with broadcasting: add, subtract, multiply, divide, negative, power, astype."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Op, Sample, op, wrong_value

from ._broadcasting import broadcast_spec, unbroadcast
from ._shape import broadcast_to


def _pairs(rng: np.random.Generator) -> Iterator[Sample]:
    """Equal shapes, and both arguments broadcast; the second one away from zero."""
    for shape_a, shape_b in [((3, 4), (3, 4)), ((3, 1), (2, 1, 4)), ((), (3,))]:
        b = rng.uniform(0.5, 2.0, shape_b) * rng.choice([-1.0, 1.0], shape_b)
        yield Sample((np.asarray(rng.standard_normal(shape_a)), np.asarray(b)), {})


def _complete(new: Op) -> None:
    new.spec(broadcast_spec)
    new.samples(_pairs)


def _stretch(tangent: Array | None, like: Any) -> Array | None:
    """A tangent of one argument, in the shape and dtype of the output."""
    if tangent is None:
        return None
    wide = tangent if tuple(tangent.shape) == like.shape else broadcast_to(tangent, like.shape)
    return wide if wide.dtype == like.dtype else wide.astype(like.dtype)


def _total(first: Array | None, second: Array | None) -> Array | None:
    if first is None or second is None:
        return second if first is None else first
    return first + second


def _out(a: Array, b: Array) -> ArraySpec:
    return broadcast_spec(ArraySpec.of(a), ArraySpec.of(b))


@op()
def add(a: Array, b: Array) -> Array:
    """Sum of two arrays, broadcast."""
    return a + b


@add.vjp.rule
def _add_vjp(ct_out, a, b, *, needs):
    return tuple(unbroadcast(ct_out, x) if need else None for x, need in zip((a, b), needs, strict=True))


@add.jvp.rule
def _add_jvp(tangents, a, b):
    out = _out(a, b)
    return _total(_stretch(tangents[0], out), _stretch(tangents[1], out))


@op()
def subtract(a: Array, b: Array) -> Array:
    """Difference of two arrays, broadcast."""
    return a - b


@subtract.vjp.rule
def _subtract_vjp(ct_out, a, b, *, needs):
    return (
        unbroadcast(ct_out, a) if needs[0] else None,
        unbroadcast(-ct_out, b) if needs[1] else None,
    )


@subtract.jvp.rule
def _subtract_jvp(tangents, a, b):
    out = _out(a, b)
    return _total(_stretch(tangents[0], out), None if tangents[1] is None else _stretch(-tangents[1], out))


@op(linear=("a", "b"))
def multiply(a: Array, b: Array) -> Array:
    """Product of two arrays, element by element, broadcast."""
    return a * b


@multiply.vjp.rule
def _multiply_vjp(ct_out, a, b, *, needs):
    return (
        unbroadcast(ct_out * b, a) if needs[0] else None,
        unbroadcast(ct_out * a, b) if needs[1] else None,
    )


@multiply.jvp.rule
def _multiply_jvp(tangents, a, b):
    tan_a, tan_b = tangents
    return _total(None if tan_a is None else tan_a * b, None if tan_b is None else a * tan_b)


@op(linear=("a",))
def divide(a: Array, b: Array) -> Array:
    r"""Quotient of two arrays, element by element, broadcast.

    Notes
    -----
    :math:`\bar a = \bar y / b`, :math:`\bar b = -\bar y a / b^2`.
    """
    return a / b


@divide.spec
def _divide_spec(a, b):
    out = broadcast_spec(a, b)
    return out if out.differentiable else out.with_dtype(np.float64)


@divide.vjp.rule
def _divide_vjp(ct_out, a, b, *, needs):
    return (
        unbroadcast(ct_out / b, a) if needs[0] else None,
        unbroadcast(-(ct_out * a) / (b * b), b) if needs[1] else None,
    )


@divide.jvp.rule
def _divide_jvp(tangents, a, b):
    tan_a, tan_b = tangents
    return _total(
        None if tan_a is None else tan_a / b,
        None if tan_b is None else -(a * tan_b) / (b * b),
    )


for _op in (add, subtract, multiply):
    _complete(_op)
divide.samples(_pairs)


@op(linear=("x",))
def negative(x: Array) -> Array:
    """Minus the array."""
    return -x


@negative.spec
def _negative_spec(x):
    return x


@negative.vjp.rule
def _negative_vjp(ct_out, x, *, needs):
    del x, needs
    return (-ct_out,)


@negative.jvp.rule
def _negative_jvp(tangents, x):
    del x
    return -tangents[0]


@op()
def power(x: Array, exponent: float) -> Array:
    r"""The array to a fixed power.

    Notes
    -----
    :math:`\bar x = \bar y\, p\, x^{p-1}`, which is 0 for :math:`p = 0` and :math:`\bar y` for
    :math:`p = 1`, also at :math:`x = 0`.
    """
    return x**exponent


@power.spec
def _power_spec(x, exponent):
    if not isinstance(exponent, (int, float)):
        raise wrong_value("exponent", "a number", exponent)
    if not x.differentiable:
        raise TypeError(f"x: expected a floating dtype, given {x.dtype}")
    return x


def _power_slope(x: Array, exponent: float) -> Any:
    return exponent if exponent in (0, 1) else exponent * power(x, exponent - 1)


@power.vjp.rule
def _power_vjp(ct_out, x, *, needs, exponent):
    del needs
    return (ct_out * _power_slope(x, exponent),)


@power.jvp.rule
def _power_jvp(tangents, x, *, exponent):
    return tangents[0] * _power_slope(x, exponent)


@op(linear=("x",))
def astype(x: Array, dtype: str) -> Array:
    """The array in another dtype. A cotangent goes back in the dtype it came from."""
    return x.astype(dtype, copy=False)


@astype.spec
def _astype_spec(x, dtype):
    return x.with_dtype(dtype)


@astype.vjp.rule
def _astype_vjp(ct_out, x, *, needs, dtype):
    del needs, dtype
    return (astype(ct_out, x.dtype),)


@astype.jvp.rule
def _astype_jvp(tangents, x, *, dtype):
    del x
    return astype(tangents[0], dtype)


@negative.samples
def _negative_samples(rng):
    yield Sample((rng.standard_normal((2, 3)),), {})


@power.samples
def _power_samples(rng):
    for exponent in (2, 3, 1, 0.5, -1.5):
        yield Sample((rng.uniform(0.5, 2.0, (2, 3)),), {"exponent": exponent})


@astype.samples
def _astype_samples(rng):
    yield Sample((rng.standard_normal((2, 3)),), {"dtype": "float64"})
