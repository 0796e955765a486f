"""The fully connected layer."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, wrong_value
from warpkit.autograd import Variable
from warpkit.ops import matmul, transpose

from ._initialization import he_normal
from ._module import Module


class Linear(Module):
    r"""Fully connected layer, :math:`y = x W^T + b`.

    Parameters
    ----------
    in_features, out_features : int
        Lengths of an input and an output.
    rng : numpy.random.Generator
        Where the weight is drawn from (He); the bias starts at zero.
    bias : bool
        Whether there is a bias.
    dtype : dtype
        Of the parameters.

    Attributes
    ----------
    weight : Variable (out_features, in_features)
    bias : Variable (out_features,) or None

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> layer = wk.nn.Linear(3, 2, rng=np.random.default_rng(0))
    >>> layer(np.ones((5, 3), np.float32)).shape
    (5, 2)
    """

    def __init__(
        self,
        in_features: int,
        out_features: int,
        *,
        rng: np.random.Generator,
        bias: bool = True,
        dtype: Any = np.float32,
    ) -> None:
        self.weight = he_normal(rng, (out_features, in_features), in_features, dtype)
        self.bias = Variable(np.zeros(out_features, dtype)) if bias else None

    def __call__(self, image: Array) -> Array:
        """Map (n, in_features) to (n, out_features)."""
        features = self.weight.shape[1]
        if len(image.shape) != 2 or image.shape[1] != features:
            raise wrong_value("image", f"shape (n, {features})", f"shape {tuple(image.shape)}")
        out = matmul(image, transpose(self.weight))
        return out if self.bias is None else out + self.bias
