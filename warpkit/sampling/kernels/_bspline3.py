r"""The cubic B-spline: four coefficients, a continuous curvature.

.. math::

   \beta^3(d) = \begin{cases}
      2/3 - d^2 + |d|^3 / 2 & |d| \le 1 \\
      (2 - |d|)^3 / 6 & 1 \le |d| \le 2 \\
      0 & 2 \le |d|
   \end{cases}

For a coordinate :math:`x = i + t` the taps :math:`i - 1, \dots, i + 2` lie at distances :math:`1 + t`,
:math:`t`, :math:`s` and :math:`1 + s` with :math:`s = 1 - t`; their weights are :math:`s^3 / 6`,
:math:`\beta^3(t)`, :math:`\beta^3(s)` and :math:`t^3 / 6`. They are not 0, 1, 0, 0 at a pixel: what is
sampled is an image of *coefficients*, and :func:`~warpkit.spline_coefficients` finds those whose spline goes
through a given image. An image that is sampled without them is smoothed. Third derivatives jump at pixel
centres, where the right ones are taken.

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
    s = 1 - t
    if order == 0:  # compiled code computes in this very order
        return [s * s * s / 6, _near(t), _near(s), t * t * t / 6]
    if order == 1:
        return [-s * s / 2, (1.5 * t - 2) * t, (2 - 1.5 * s) * s, t * t / 2]
    if order == 2:
        return [s, 3 * t - 2, 3 * s - 2, t]
    if order == 3:
        one = namespace(t).ones_like(t)
        return [-one, 3 * one, -3 * one, one]
    return None


def _near(u: Array) -> Array:
    """The kernel at a distance of at most 1; one division, so that it is exactly symmetric about a pixel."""
    return ((3 * u - 6) * u * u + 4) / 6


bspline3 = register_kernel(SamplingKernel("bspline3", 4, _weights))
