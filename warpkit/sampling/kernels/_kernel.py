"""What a sampling kernel is: a few taps beside a coordinate, their weights, and the weights' derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warpkit._core import Array, check_choice


@dataclass(frozen=True)
class SamplingKernel:
    """A kernel in one dimension; products of it serve every number of dimensions.

    Attributes
    ----------
    name : str
        What users call it.
    taps : callable
        ``taps(floor, fraction)`` lists the tap indices, as integer-valued float64 arrays, for coordinates
        ``floor + fraction``.
    weights : callable
        ``weights(fraction, order)`` lists the weights of the taps, or the derivatives of that order with
        respect to the coordinate; None stands for weights that are zero everywhere.
    """

    name: str
    taps: Callable[[Array, Array], list[Array]]
    weights: Callable[[Array, int], list[Array] | None]


_kernels: dict[str, SamplingKernel] = {}


def register_kernel(kernel: SamplingKernel) -> SamplingKernel:
    """Make a kernel known by its name.

    Raises
    ------
    ValueError
        If another kernel has that name.
    """
    if kernel.name in _kernels:
        raise ValueError(f"kernel {kernel.name!r}: a name is registered once")
    _kernels[kernel.name] = kernel
    return kernel


def get_kernel(name: str) -> SamplingKernel:
    """The kernel of that name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones.
    """
    check_choice("kernel", name, _kernels)
    return _kernels[name]
