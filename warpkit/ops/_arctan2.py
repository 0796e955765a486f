"""The angle of a vector in the plane."""

from __future__ import annotations

from warpkit._core import Array, ArraySpec, Sample, namespace, op

from ._broadcasting import broadcast_spec, unbroadcast


@op()
def arctan2(y: Array, x: Array) -> Array:
    r"""The angle of (x, y) from the positive x axis, in :math:`(-\pi, \pi]`, broadcast.

    Notes
    -----
    :math:`\bar y = \bar a\, x / (x^2 + y^2)`, :math:`\bar x = -\bar a\, y / (x^2 + y^2)`.
    """
    return namespace(y, x).arctan2(y, x)


@arctan2.spec
def _arctan2_spec(y: ArraySpec, x: ArraySpec) -> ArraySpec:
    out = broadcast_spec(y, x)
    if not out.differentiable:
        raise TypeError(f"y, x: expected a floating dtype, given {y.dtype}, {x.dtype}")
    return out


@arctan2.vjp.rule
def _arctan2_vjp(ct_out, y, x, *, needs):
    scaled = ct_out / (x * x + y * y)
    return (
        unbroadcast(scaled * x, y) if needs[0] else None,
        unbroadcast(-(scaled * y), x) if needs[1] else None,
    )


@arctan2.jvp.rule
def _arctan2_jvp(tangents, y, x):
    tan_y, tan_x = tangents
    square = x * x + y * y
    if tan_x is None:
        return tan_y * (x / square)
    along_x = tan_x * (-y / square)
    return along_x if tan_y is None else tan_y * (x / square) + along_x


@arctan2.samples
def _arctan2_samples(rng):
    y = rng.uniform(0.5, 2.0, (3, 4)) * rng.choice([-1.0, 1.0], (3, 4))
    yield Sample((y, rng.standard_normal((3, 4))), {})
    yield Sample((y, rng.standard_normal((3, 1))), {})
