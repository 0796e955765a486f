"""What a sampling kernel is: a few taps about a coordinate, their weights, and the weights' derivatives."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, check_choice, wrong_value


@dataclass(frozen=True)
class SamplingKernel:
    r"""A kernel in one dimension; products of it serve every number of dimensions.

    **Convention.** A coordinate is written :math:`x = i + t`. The taps are pixels side by side: of an even
    number `n`, half lie on either side of `x`, and of an odd number one is the nearest pixel.

    =======  ==========================  ===========================  ====================================
    `n`      i                           t                            taps
    =======  ==========================  ===========================  ====================================
    even     :math:`\lfloor x \rfloor`   :math:`0 \le t \le 1`        :math:`i - n/2 + 1, \dots, i + n/2`
    odd      the nearest pixel           :math:`|t| \le 1/2`          :math:`i - (n-1)/2, \dots, i + (n-1)/2`
    =======  ==========================  ===========================  ====================================

    Halfway between two pixels the upper one is the nearest.

    Attributes
    ----------
    name : str
        What users call it.
    n_taps : int
        Number of taps. A single tap is copied, so its weight must be 1.
    weights : callable
        ``weights(t, order)`` lists the weights of the taps, from the lowest pixel on, as arrays like `t`; for
        an `order` above 0 their derivatives of that order with respect to `t`. None stands for weights
        that are zero everywhere. Where a derivative jumps, it is the right one.

    Examples
    --------
    Linear interpolation:

    >>> import numpy as np, warpkit as wk
    >>> def weights(t, order):
    ...     ones = np.ones_like(t)
    ...     return {0: [1 - t, t], 1: [-ones, ones]}.get(order)
    >>> wk.SamplingKernel("tent", 2, weights).offsets
    range(0, 2)
    """

    name: str
    n_taps: int
    weights: Callable[[Array, int], list[Array] | None]

    @property
    def offsets(self) -> range:
        """The taps, counted from pixel i."""
        first = -((self.n_taps - 1) // 2)
        return range(first, first + self.n_taps)


_kernels: dict[str, SamplingKernel] = {}


def register_kernel(kernel: SamplingKernel) -> SamplingKernel:
    """Make a kernel known by its name to every function that has an argument `kernel`.

    Parameters
    ----------
    kernel : SamplingKernel
        The kernel. Sampling and its derivatives run in array code, for kernels that warpkit has not compiled.

    Returns
    -------
    SamplingKernel
        The same.

    Raises
    ------
    ValueError
        If another kernel has that name, or the weights are not as many arrays as there are taps.
    """
    if kernel.name in _kernels:
        raise ValueError(f"kernel {kernel.name!r}: a name is registered once")
    _check_weights(kernel)
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


def _check_weights(kernel: SamplingKernel) -> None:
    """Try the weights on two points: better here than in the middle of a gather."""
    t = np.array([0.0, 0.25], np.float32)
    for order in (0, 1):
        weights = kernel.weights(t, order)
        if weights is None and order > 0:
            continue
        found = None if weights is None else [(np.shape(w), getattr(w, "dtype", None)) for w in weights]
        if found != [(t.shape, t.dtype)] * kernel.n_taps:
            raise wrong_value(
                "weights", f"{kernel.n_taps} arrays like t, of shape {t.shape} and dtype {t.dtype}", found
            )
        if order == 0 and weights and kernel.n_taps == 1 and not np.all(weights[0] == 1):
            raise wrong_value("weights", "1 for the one tap of a kernel, which is copied", weights[0])
