"""The outline of an image, for drawing where a transform takes it."""

from __future__ import annotations

import numpy as np

from warpkit._core import wrong_value


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
