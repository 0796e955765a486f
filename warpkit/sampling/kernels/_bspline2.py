r"""The quadratic B-spline: three coefficients, a continuous slope.

.. math::

   \beta^2(d) = \begin{cases}
      3/4 - d^2 & |d| \le 1/2 \\
      (3/2 - |d|)^2 / 2 & 1/2 \le |d| \le 3/2 \\
      0 & 3/2 \le |d|
   \end{cases}

For a coordinate :math:`x = i + t`, where `i` is the nearest pixel and :math:`|t| \le 1/2`, the taps
:math:`i - 1, i, i + 1` have the weights :math:`(1/2 - t)^2 / 2`, :math:`3/4 - t^2` and
:math:`(1/2 + t)^2 / 2`. They are not 0, 1, 0 at a pixel: what is sampled is an image of *coefficients*, and
:func:`~warpkit.spline_coefficients` finds those whose spline goes through a given image. An image that is
sampled without them is smoothed. Second derivatives jump halfway between pixels, where the right ones are
taken.

References
----------
M. Unser, A. Aldroubi, M. Eden, "B-spline signal processing", IEEE Transactions on Signal Processing 41(2),
1993. P. Thevenaz, T. Blu, M. Unser, "Interpolation revisited", IEEE Transactions on Medical Imaging 19(7),
2000.
"""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._kernel import SamplingKernel, register_kernel


def _weights(t: Array, order: int) -> list[Array] | None:
    if order == 0:  # compiled code computes in this very order
        below, above = 0.5 - t, 0.5 + t
        return [below * below / 2, 0.75 - t * t, above * above / 2]
    if order == 1:
        return [t - 0.5, -2 * t, t + 0.5]
    if order == 2:
        one = namespace(t).ones_like(t)
        return [one, -2 * one, one]
    return None


bspline2 = register_kernel(SamplingKernel("bspline2", 3, _weights))
