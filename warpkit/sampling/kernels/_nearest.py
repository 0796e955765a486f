r"""Nearest neighbour: the pixel :math:`\lfloor x + 1/2 \rfloor`, eq. (4) of Jaderberg et al. (2015).

Computed by comparing the fraction: in floating point the sum itself may round up to the next integer.
"""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._kernel import SamplingKernel, register_kernel


def _taps(floor: Array, fraction: Array) -> list[Array]:
    return [floor + (fraction >= 0.5)]


def _weights(fraction: Array, order: int) -> list[Array] | None:
    return [namespace(fraction).ones_like(fraction)] if order == 0 else None


nearest = register_kernel(SamplingKernel("nearest", _taps, _weights))
