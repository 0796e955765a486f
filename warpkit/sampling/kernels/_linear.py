r"""Linear interpolation: :math:`k(d) = \max(0, 1 - |d|)`, eq. (5) of Jaderberg et al. (2015).

The taps of a coordinate :math:`x = i + t`, :math:`0 \le t < 1`, are :math:`i` and :math:`i + 1`, with weights
:math:`1 - t` and :math:`t`. The derivatives :math:`-1` and :math:`+1` are the right ones where `x` is an
integer. (Eq. (7) of the paper gives the intensity U[x] there instead of a slope: the tap at m = x counts
with +1 by its case m >= x, and both neighbours, at the distance 1, with 0.)
"""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._kernel import SamplingKernel, register_kernel


def _weights(t: Array, order: int) -> list[Array] | None:
    if order == 0:
        return [1 - t, t]
    if order == 1:
        one = namespace(t).ones_like(t)
        return [-one, one]
    return None


linear = register_kernel(SamplingKernel("linear", 2, _weights))
