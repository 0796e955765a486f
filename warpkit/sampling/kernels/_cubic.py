r"""Cubic convolution (Keys 1981): four pixels, a continuous slope, no preparation of the image.

.. math::

   k(d) = \begin{cases}
      (a + 2) |d|^3 - (a + 3) |d|^2 + 1 & |d| \le 1 \\
      a\,(|d| - 1)(|d| - 2)^2 & 1 \le |d| \le 2 \\
      0 & 2 \le |d|
   \end{cases}

(Keys writes the middle line as :math:`a |d|^3 - 5 a |d|^2 + 8 a |d| - 4 a`.) `a` is the slope at
:math:`d = 1`:

* ``"cubic"`` has :math:`a = -1/2`, Keys' choice and the Catmull-Rom spline. It is the only one that
  reproduces polynomials of degree 2: the error falls with the third power of the pixel's size.
* ``"cubic_sharp"`` has :math:`a = -3/4`, as torch's ``bicubic`` and OpenCV's ``INTER_CUBIC``. It makes edges
  steeper, overshoots more, and does not reproduce even a ramp.

For a coordinate :math:`x = i + t` the taps :math:`i - 1, \dots, i + 2` lie at distances :math:`1 + t`,
:math:`t`, :math:`s` and :math:`1 + s` with :math:`s = 1 - t`. Their weights are :math:`a t s^2`,
:math:`k(t)`, :math:`k(s)` and :math:`a s t^2`: exactly 0, 1, 0, 0 at :math:`t = 0`. Slopes are continuous;
second derivatives jump at pixel centres, where the right ones are taken.

References
----------
R. G. Keys, "Cubic convolution interpolation for digital image processing", IEEE Transactions on Acoustics,
Speech, and Signal Processing 29(6), 1981.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from warpkit._core import Array, namespace

from ._kernel import SamplingKernel, register_kernel


def keys_weights(t: Array, order: int, a: Any) -> list[Array] | None:
    """Weights of the four taps, or their derivatives of an order by t; `a` is a number or an array like t."""
    s = 1 - t
    if order == 0:  # compiled code computes in this very order
        return [a * t * s * s, _near(t, a), _near(s, a), a * s * t * t]
    if order == 1:
        return [a * s * (s - 2 * t), _near_slope(t, a), -_near_slope(s, a), a * t * (2 * s - t)]
    if order == 2:
        return [a * (6 * t - 4), _near_curvature(t, a), _near_curvature(s, a), a * (6 * s - 4)]
    if order == 3:
        one = namespace(t).ones_like(t)
        return [6 * a * one, 6 * (a + 2) * one, -6 * (a + 2) * one, -6 * a * one]
    return None


def _near(u: Array, a: Any) -> Array:
    """The kernel at a distance of at most 1."""
    return ((a + 2) * u - (a + 3)) * u * u + 1


def _near_slope(u: Array, a: Any) -> Array:
    return (3 * (a + 2) * u - 2 * (a + 3)) * u


def _near_curvature(u: Array, a: Any) -> Array:
    return 6 * (a + 2) * u - 2 * (a + 3)


cubic = register_kernel(SamplingKernel("cubic", 4, partial(keys_weights, a=-0.5)))
cubic_sharp = register_kernel(SamplingKernel("cubic_sharp", 4, partial(keys_weights, a=-0.75)))
