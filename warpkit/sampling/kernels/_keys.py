r"""Cubic convolution with `a`, the slope at distance 1, as its parameter: the family of "cubic", Keys (1981).

The weights of "cubic" are linear in `a`. With :math:`s = 1 - t` and :math:`p(u) = u (1 - u)^2`, their
derivatives by `a` are :math:`p(t), -p(s), -p(t), p(s)`, and all further ones zero. (The outer taps' weights
are :math:`a\,p`; in those of the inner taps `a` stands before :math:`u^3 - u^2 = -p(1 - u)`.)
"""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._cubic import keys_weights
from ._parametric_kernel import ParametricKernel, register_parametric_kernel


def _weights(t: Array, a: Array, order: int, a_order: int) -> list[Array] | None:
    if a_order == 0:
        return keys_weights(t, order, a)
    if a_order > 1 or order > 3:
        return None
    outer, inner = _p(t, order), (-1) ** order * _p(1 - t, order)
    return [outer, -inner, -outer, inner]


def _p(u: Array, order: int) -> Array:
    """The derivatives of p(u) = u (1 - u)^2."""
    if order == 0:
        return u * (1 - u) * (1 - u)
    if order == 1:
        return (1 - u) * (1 - 3 * u)
    return 6 * u - 4 if order == 2 else 6 * namespace(u).ones_like(u)


keys = register_parametric_kernel(ParametricKernel("keys", 4, _weights))
