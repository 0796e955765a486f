"""Convolutional layers."""

from __future__ import annotations

import math
from typing import Any, ClassVar

import numpy as np

from warpkit._core import Array, wrong_value
from warpkit.autograd import Variable
from warpkit.ops import convolution
from warpkit.ops._windows import PerAxis, per_axis

from ._initialization import he_normal
from ._module import Module


class AbstractConvolution(Module):
    """What the convolutional layers share; they differ in the number of spatial axes."""

    ndim: ClassVar[int]

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel: PerAxis,
        *,
        rng: np.random.Generator,
        stride: PerAxis = 1,
        padding: PerAxis = 0,
        dilation: PerAxis = 1,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        kernel = per_axis(kernel, self.ndim, "kernel")
        self.stride = per_axis(stride, self.ndim, "stride")
        self.padding = per_axis(padding, self.ndim, "padding", least=0)
        self.dilation = per_axis(dilation, self.ndim, "dilation")
        fan_in = in_channels * math.prod(kernel)
        self.weight = he_normal(rng, (out_channels, in_channels, *kernel), fan_in, dtype)
        self.bias = Variable(np.zeros(out_channels, dtype)) if bias else None

    def __call__(self, image: Array) -> Array:
        """Map (n, in_channels, *spatial) to (n, out_channels, *out)."""
        channels = self.weight.shape[1]
        if len(image.shape) != self.ndim + 2 or image.shape[1] != channels:
            expected = f"shape (n, {channels}, *spatial) with {self.ndim} spatial axes"
            raise wrong_value("image", expected, f"shape {tuple(image.shape)}")
        out = convolution(image, self.weight, self.stride, self.padding, self.dilation)
        return out if self.bias is None else out + self.bias.reshape(-1, *(1,) * self.ndim)


class Conv2d(AbstractConvolution):
    """Convolution over two spatial axes, plus a bias per channel; see :func:`warpkit.ops.convolution`.

    Parameters
    ----------
    in_channels, out_channels : int
        Channels of the input and the output.
    kernel : int or tuple of int
        Lengths of the weight: for both spatial axes, or one for each.
    rng : numpy.random.Generator
        Where the weight is drawn from (He); the bias starts at zero.
    stride, padding, dilation : int or tuple of int
        Step from window to window, zeros added at both ends, distance between the elements that are met.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters.

    Attributes
    ----------
    weight : Variable (out_channels, in_channels, *kernel)
    bias : Variable (out_channels,) or None

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> layer = wk.nn.Conv2d(1, 8, 3, rng=np.random.default_rng(0))
    >>> layer(np.ones((5, 1, 28, 28), np.float32)).shape
    (5, 8, 26, 26)
    """

    ndim = 2


class Conv3d(AbstractConvolution):
    """Convolution over three spatial axes; otherwise as :class:`Conv2d`.

    Parameters
    ----------
    in_channels, out_channels, kernel, rng, stride, padding, dilation, bias, dtype
        As of :class:`Conv2d`, for three spatial axes.
    """

    ndim = 3
