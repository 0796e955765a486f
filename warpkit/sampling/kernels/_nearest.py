r"""Nearest neighbour: the pixel :math:`\lfloor x + 1/2 \rfloor`, eq. (4) of Jaderberg et al. (2015).

Found by comparing the fraction: in floating point the sum itself may round up to the next integer.
"""

from __future__ import annotations

from warpkit._core import Array, namespace

from ._kernel import SamplingKernel, register_kernel


def _weights(t: Array, order: int) -> list[Array] | None:
    return [namespace(t).ones_like(t)] if order == 0 else None


nearest = register_kernel(SamplingKernel("nearest", 1, _weights))
