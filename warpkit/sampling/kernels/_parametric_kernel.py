"""What a sampling kernel with a parameter is: the weights' derivatives by the parameter come along."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from warpkit._core import Array, check_choice

from ._kernel import SamplingKernel


@dataclass(frozen=True)
class ParametricKernel:
    """A kernel in one dimension whose shape depends on a number, the Phi of Jaderberg et al., eq. (3).

    Attributes
    ----------
    name : str
        What users call it.
    n_taps : int
        Number of taps, which lie as those of a :class:`SamplingKernel`.
    weights : callable
        ``weights(t, parameter, order, parameter_order)`` lists the weights of the taps, or their derivatives
        of those orders with respect to `t` and to the parameter; None stands for zeros. `parameter` is an
        array that broadcasts with `t`, of the same dtype.
    """

    name: str
    n_taps: int
    weights: Callable[[Array, Array, int, int], list[Array] | None]

    def at(self, parameter: Array, parameter_order: int) -> SamplingKernel:
        """The kernel for values of the parameter, or its derivative by the parameter there."""

        def weights(t: Array, order: int) -> list[Array] | None:
            return self.weights(t, parameter, order, parameter_order)

        return SamplingKernel(self.name, self.n_taps, weights)


_kernels: dict[str, ParametricKernel] = {}


def register_parametric_kernel(kernel: ParametricKernel) -> ParametricKernel:
    """Make a kernel with a parameter known by its name.

    Raises
    ------
    ValueError
        If another one has that name.
    """
    if kernel.name in _kernels:
        raise ValueError(f"kernel {kernel.name!r}: a name is registered once")
    _kernels[kernel.name] = kernel
    return kernel


def get_parametric_kernel(name: str) -> ParametricKernel:
    """The kernel of that name.

    Raises
    ------
    ValueError
        If there is none; the message lists the known ones.
    """
    check_choice("kernel", name, _kernels)
    return _kernels[name]
