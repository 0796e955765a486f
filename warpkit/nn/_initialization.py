"""What parameters start from."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from warpkit._core import check_shape, wrong_type, wrong_value
from warpkit.autograd import Variable


def he_normal(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int, dtype: Any) -> Variable:
    r"""Draw a weight that keeps the variance of what passes through it and a ReLU.

    Parameters
    ----------
    rng : numpy.random.Generator
        Where it is drawn from.
    shape : tuple of int
        Shape of the weight.
    fan_in : int
        Number of inputs that each output is a sum over.
    dtype : dtype
        float32 or float64.

    Returns
    -------
    Variable
        Drawn from :math:`\mathcal N(0,\, 2 / \mathrm{fan\_in})`.

    Raises
    ------
    TypeError
        If `rng` cannot draw.
    ValueError
        If a length is not positive: a layer has at least one input and one output.

    References
    ----------
    K. He, X. Zhang, S. Ren, J. Sun, "Delving deep into rectifiers", ICCV 2015, equation (10).
    """
    if not hasattr(rng, "standard_normal"):
        raise wrong_type("rng", "a numpy.random.Generator", rng)
    if min(check_shape(shape)) < 1:
        raise wrong_value("features, channels and kernel", "lengths of at least 1", shape)
    values = rng.standard_normal(shape, dtype=np.dtype(dtype))
    return Variable(values * np.dtype(dtype).type(math.sqrt(2 / fan_in)))
