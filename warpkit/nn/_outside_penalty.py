"""A penalty that keeps a transformer's eyes on the image."""

from __future__ import annotations

from warpkit._core import Array, check_choice, wrong_type
from warpkit.ops import absolute, relu
from warpkit.transforms import AbstractTransform


def outside_penalty(transform: AbstractTransform, shape: tuple[int, ...]) -> Array:
    r"""Mean squared distance of the sampled points from the image; 0 where all lie on it.

    A transformer that looks beyond its input samples the fill value, gets no gradient there, and may never
    find back: its output is blank from then on. A multiple of this penalty in the loss pulls it back.

    **Convention.** `transform` maps output to input coordinates, in the frame "normalized", where the outer
    edges of the image lie at -1 and 1, or "corners", where the centres of its corner pixels do.

    Parameters
    ----------
    transform : AbstractTransform
        What :meth:`SpatialTransformer.localize` returns.
    shape : tuple of int
        Spatial shape of the output.

    Returns
    -------
    array ()
        :math:`\frac1m \sum_{i=1}^m \sum_a \max(0, |x_{ia}| - 1)^2` over the m points of all outputs, a
        counting the axes: in units of half the length of the image along the axis.

    Raises
    ------
    ValueError
        If the transform's frame is "pixel", which does not know the image's size.

    Notes
    -----
    With :math:`e = \max(0, |x| - 1)`, :math:`\bar x = 2 e \operatorname{sign}(x) \bar y / m`.

    References
    ----------
    Outputs that shrink or go blank are what users report of spatial transformers: daerduoCarey's
    SpatialTransformerLayer, issues 13 and 14; kevinzakka's spatial-transformer-network, issue 10.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> transform = wk.Translation(np.array([[1.0, 0.0]]))  # to the right by half the width
    >>> float(wk.nn.outside_penalty(transform, (2, 2)))      # x is 0.5 and 1.5, y is -0.5 and 0.5
    0.125
    """
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    check_choice("transform.frame", transform.frame, ("normalized", "corners"))
    beyond = relu(absolute(transform.grid(shape)) - 1.0)
    return (beyond * beyond).sum(axis=-1).mean()
