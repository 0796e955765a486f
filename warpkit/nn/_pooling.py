"""Pooling layers."""

from __future__ import annotations

from typing import ClassVar

from warpkit._core import Array, Op, wrong_value
from warpkit.ops import avg_pool, max_pool
from warpkit.ops._windows import PerAxis, per_axis

from ._module import Module


class AbstractPooling(Module):
    """What the pooling layers share; they differ in the op and the number of spatial axes."""

    ndim: ClassVar[int]
    op: ClassVar[Op]

    def __init__(self, window: PerAxis, stride: PerAxis | None = None) -> None:
        self.window = per_axis(window, self.ndim, "window")
        self.stride = self.window if stride is None else per_axis(stride, self.ndim, "stride")

    def __call__(self, image: Array) -> Array:
        """Map (n, c, *spatial) to (n, c, *out)."""
        if len(image.shape) != self.ndim + 2:
            expected = f"shape (n, c, *spatial) with {self.ndim} spatial axes"
            raise wrong_value("image", expected, f"shape {tuple(image.shape)}")
        return self.op(image, self.window, self.stride)


class MaxPool2d(AbstractPooling):
    """Largest value of each window over two spatial axes; see :func:`warpkit.ops.max_pool`.

    Parameters
    ----------
    window : int or tuple of int
        Lengths of the window.
    stride : int or tuple of int, optional
        Step from window to window; `window` by default.
    """

    ndim = 2
    op = max_pool


class MaxPool3d(AbstractPooling):
    """Largest value of each window over three spatial axes; see :func:`warpkit.ops.max_pool`.

    Parameters
    ----------
    window, stride
        As of :class:`MaxPool2d`.
    """

    ndim = 3
    op = max_pool


class AvgPool2d(AbstractPooling):
    """Mean of each window over two spatial axes; see :func:`warpkit.ops.avg_pool`.

    Parameters
    ----------
    window, stride
        As of :class:`MaxPool2d`.
    """

    ndim = 2
    op = avg_pool


class AvgPool3d(AbstractPooling):
    """Mean of each window over three spatial axes; see :func:`warpkit.ops.avg_pool`.

    Parameters
    ----------
    window, stride
        As of :class:`MaxPool2d`.
    """

    ndim = 3
    op = avg_pool
