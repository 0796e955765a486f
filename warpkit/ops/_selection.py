"""Ops that choose between values: where, maximum, minimum, clip."""

from __future__ import annotations

import math

import numpy as np

from warpkit._core import Array, Sample, namespace, op, plain, wrong_value, zeros_like

from ._broadcasting import broadcast_spec, unbroadcast
from ._shape import broadcast_to


@op(linear=())
def where(condition: Array, a: Array, b: Array) -> Array:
    """Elements of `a` where `condition` holds, of `b` elsewhere, broadcast.

    A derivative reaches only the chosen elements: the other side may be NaN there, its cotangent is 0.
    """
    return namespace(condition, a, b).where(condition, a, b)


@where.spec
def _where_spec(condition, a, b):
    out = broadcast_spec(a, b)
    return broadcast_spec(condition.with_dtype(bool), out).with_dtype(out.dtype)


@where.vjp.rule
def _where_vjp(ct_out, condition, a, b, *, needs):
    zero = zeros_like(ct_out)
    return (
        None,
        unbroadcast(where(condition, ct_out, zero), a) if needs[1] else None,
        unbroadcast(where(condition, zero, ct_out), b) if needs[2] else None,
    )


@where.jvp.rule
def _where_jvp(tangents, condition, a, b):
    _, tan_a, tan_b = tangents
    shape = np.broadcast_shapes(condition.shape, a.shape, b.shape)
    tan_out = where(
        condition, zeros_like(a) if tan_a is None else tan_a, zeros_like(b) if tan_b is None else tan_b
    )
    return tan_out if tan_out.shape == shape else broadcast_to(tan_out, shape)


@where.samples
def _where_samples(rng):
    condition = rng.standard_normal((3, 4)) > 0
    yield Sample((condition, rng.standard_normal((3, 4)), rng.standard_normal((1, 4))), {})


@op()
def maximum(a: Array, b: Array) -> Array:
    """The larger of two values, broadcast; where they are equal the derivative goes to `a`."""
    return namespace(a, b).maximum(a, b)


@op()
def minimum(a: Array, b: Array) -> Array:
    """The smaller of two values, broadcast; where they are equal the derivative goes to `a`."""
    return namespace(a, b).minimum(a, b)


def _complete(new, prefers_first):
    new.spec(broadcast_spec)

    @new.vjp.rule
    def vjp(ct_out, a, b, *, needs):
        first, zero = prefers_first(plain(a), plain(b)), zeros_like(ct_out)
        return (
            unbroadcast(where(first, ct_out, zero), a) if needs[0] else None,
            unbroadcast(where(first, zero, ct_out), b) if needs[1] else None,
        )

    @new.jvp.rule
    def jvp(tangents, a, b):
        return where.jvp((None, *tangents), prefers_first(plain(a), plain(b)), a, b)

    @new.samples
    def samples(rng):
        b = rng.standard_normal((3, 4))
        gap = rng.uniform(0.1, 1.0, (3, 4)) * rng.choice([-1.0, 1.0], (3, 4))
        yield Sample((b + gap, b), {})
        yield Sample((b[:, :1] + 10.0, b), {})


_complete(maximum, lambda a, b: a >= b)
_complete(minimum, lambda a, b: a <= b)


@op()
def clip(x: Array, lower: float = -math.inf, upper: float = math.inf) -> Array:
    """Limit values to ``[lower, upper]``; outside the derivative is 0, at a limit the right one."""
    return namespace(x).clip(x, lower, upper)


@clip.spec
def _clip_spec(x, lower, upper):
    if not lower <= upper:
        raise wrong_value("lower", f"at most upper = {upper}", lower)
    return x


@clip.vjp.rule
def _clip_vjp(ct_out, x, *, needs, lower, upper):
    del needs
    inside = (x >= lower) & (x < upper)
    return (where(inside, ct_out, zeros_like(ct_out)),)


@clip.jvp.rule
def _clip_jvp(tangents, x, *, lower, upper):
    inside = (x >= lower) & (x < upper)
    return where(inside, tangents[0], zeros_like(tangents[0]))


@clip.samples
def _clip_samples(rng):
    x = rng.choice([-1.5, -0.3, 0.4, 2.0], (3, 4)) + rng.uniform(0, 0.1, (3, 4))
    yield Sample((x,), {"lower": -1.0, "upper": 1.0})
