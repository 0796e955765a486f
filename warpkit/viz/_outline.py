"""The outline of an image, for drawing where a transform takes it."""

from __future__ import annotations

import numpy as np

from warpkit._core import plain, to_numpy, wrong_value
from warpkit.grids import convert_points
from warpkit.transforms import AbstractTransform


def frame_outline(points_per_side: int = 16) -> np.ndarray:
    """Return points along the edges of an image, once around.

    **Convention.** Points are (x, y) in the frame "normalized": the outer edges are at -1 and 1. A transform
    maps them, as coordinates of the output, to where the output's edges lie on the input.

    Parameters
    ----------
    points_per_side : int
        At least 1; more for transforms that bend lines.

    Returns
    -------
    ndarray of float64 (4 * points_per_side + 1, 2)
        A closed curve: it ends where it begins, at (-1, -1), and passes (1, -1) first.

    Raises
    ------
    ValueError
        If `points_per_side` is below 1.

    Examples
    --------
    >>> from warpkit.viz import frame_outline
    >>> frame_outline(1).tolist()
    [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]]
    """
    if points_per_side < 1:
        raise wrong_value("points_per_side", "a number of at least 1", points_per_side)
    along = -1 + 2 * np.arange(points_per_side) / points_per_side
    low, high = np.full_like(along, -1), np.ones_like(along)
    sides = [(along, low), (high, along), (-along, high), (low, -along)]
    around = np.concatenate([np.stack(side, axis=-1) for side in sides])
    return np.concatenate([around, around[:1]])


def find_outlines(transform: AbstractTransform, in_shape: tuple[int, int]) -> np.ndarray:
    """Find where the edges of the output lie on the input: where a transformer looks.

    Parameters
    ----------
    transform : AbstractTransform
        From output to input coordinates in 2D, in the frame "normalized" or "corners"; what
        :meth:`warpkit.nn.SpatialTransformer.localize` returns.
    in_shape : tuple of two ints
        Spatial shape of the input.

    Returns
    -------
    ndarray of float64 (n, m, 2)
        A closed curve on each input, as (x, y) in pixels: pixel centres are whole numbers.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> half = wk.Attention(np.array([0.5]), np.array([[0.0, 0.0]]))
    >>> outline = wk.viz.find_outlines(half, (8, 8))[0]
    >>> outline.min(axis=0), outline.max(axis=0)
    (array([1.5, 1.5]), array([5.5, 5.5]))
    """
    points = to_numpy(plain(transform(frame_outline())))
    return convert_points(points, in_shape, transform.frame, "pixel")
