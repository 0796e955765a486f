r"""A Gaussian on seven pixels, with its standard deviation as the parameter.

For a coordinate :math:`x = i + t`, where `i` is the nearest pixel, the taps :math:`i + k` have the weights

.. math:: w_k = \frac{g_k}{\sum_{j=-3}^{3} g_j}, \qquad
   g_k = \exp\left(\frac{k (2 t - k)}{2 \sigma^2}\right), \qquad k = -3, \dots, 3.

That is :math:`\exp(-(t - k)^2 / 2 \sigma^2)`, truncated and normalised to sum 1. The factor that all taps
have in common is left out, so that :math:`g_0 = 1` and no other is larger: a small sigma does no harm. Where
`i` changes, halfway between pixels, one tap is exchanged for another, and the weights jump: by about
:math:`0.4 \exp(-6.1 / \sigma^2) / \sigma`, which is 0.001 at :math:`\sigma = 1`.

The derivatives are those of the quotient, not of a Gaussian without end. Leibniz' rule on
:math:`Z w_k = g_k` with :math:`Z = \sum_j g_j` gives them, order by order:

.. math:: \partial^{(m, n)} g_k = \sum_{a \le m, b \le n} \binom{m}{a} \binom{n}{b}\,
   \partial^{(a, b)} w_k\; \partial^{(m - a, n - b)} Z .

The sign of sigma does not matter; where it is 0, weights are NaN.
"""

from __future__ import annotations

import itertools
import math

import numpy as np

from warpkit._core import Array, namespace

from ._parametric_kernel import ParametricKernel, register_parametric_kernel

_RADIUS = 3

Derivatives = dict[tuple[int, int], Array]
"""Of a function of t and sigma, by their orders (m, n)."""


def _weights(t: Array, sigma: Array, order: int, sigma_order: int) -> list[Array] | None:
    orders = list(itertools.product(range(order + 1), range(sigma_order + 1)))
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):  # sigma is 0 or tiny
        parts = [_exponential(k, t, sigma, orders) for k in range(-_RADIUS, _RADIUS + 1)]
        total = {index: sum(part[index] for part in parts) for index in orders}
        return [_quotient(part, total, orders)[order, sigma_order] for part in parts]


def _exponential(k: int, t: Array, sigma: Array, orders: list[tuple[int, int]]) -> Derivatives:
    """The derivatives of g = exp(f), by Leibniz' rule on g' = g f'."""
    f = {(m, n): _exponent(k, t, sigma, m, n) for m, n in orders}
    g = {(0, 0): namespace(t).exp(f[0, 0])}
    for m, n in orders[1:]:
        below = (m - 1, n) if m else (0, n - 1)  # the derivative that g' is differentiated by
        g[m, n] = sum(_binomial(below, ab) * g[ab] * f[m - ab[0], n - ab[1]] for ab in _up_to(below))
    return g


def _exponent(k: int, t: Array, sigma: Array, m: int, n: int) -> Array:
    """The derivative of f = k (2 t - k) / 2 sigma^2: linear in t, a power of sigma."""
    by_t = [k * (2 * t - k) / 2, k * namespace(t).ones_like(t)][m] if m < 2 else 0 * t
    return by_t * ((-1) ** n * math.factorial(n + 1) / sigma ** (n + 2))


def _quotient(g: Derivatives, z: Derivatives, orders: list[tuple[int, int]]) -> Derivatives:
    """The derivatives of w = g / z: what Leibniz' rule on z w = g leaves for the highest."""
    w: Derivatives = {}
    for mn in orders:
        lower = (_binomial(mn, ab) * w[ab] * z[mn[0] - ab[0], mn[1] - ab[1]] for ab in _up_to(mn) if ab != mn)
        w[mn] = (g[mn] - sum(lower)) / z[0, 0]
    return w


def _up_to(mn: tuple[int, int]) -> itertools.product[tuple[int, int]]:
    return itertools.product(range(mn[0] + 1), range(mn[1] + 1))


def _binomial(mn: tuple[int, int], ab: tuple[int, int]) -> int:
    return math.comb(mn[0], ab[0]) * math.comb(mn[1], ab[1])


gaussian = register_parametric_kernel(ParametricKernel("gaussian", 2 * _RADIUS + 1, _weights))
