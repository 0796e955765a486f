"""The outline of an image or a volume, for drawing where a transform takes it."""

from __future__ import annotations

import numpy as np

from warpkit._core import plain, to_numpy, wrong_value
from warpkit.grids import convert_points
from warpkit.transforms import AbstractTransform

# Walks along edges, by corners (x, y) of the square and (x, y, z) of the cube. The cube's goes round its
# front and its back, and over at each corner, so that it passes all twelve edges.
_WALKS = {
    2: "-- +- ++ -+ --",
    3: "--- +-- ++- -+- --- --+ +-+ +-- +-+ +++ ++- +++ -++ -+- -++ --+",
}


def frame_outline(points_per_side: int = 16, ndim: int = 2) -> np.ndarray:
    """Return points along the edges of an image, once around, or of a volume.

    **Convention.** Points are (x, y) or (x, y, z) in the frame "normalized": the outer edges are at -1 and 1.
    A transform maps them, as coordinates of the output, to where the output's edges lie on the input.

    Parameters
    ----------
    points_per_side : int
        At least 1; more for transforms that bend lines.
    ndim : int
        2, or 3 for a volume, whose edges are the twelve of a cube.

    Returns
    -------
    ndarray of float64 (m * points_per_side + 1, ndim)
        A curve. In 2D m is 4 and the curve closed: it ends where it begins, at (-1, -1), and passes (1, -1)
        first. In 3D m is 15: it passes some edges twice.

    Raises
    ------
    ValueError
        If `points_per_side` is below 1, or `ndim` neither 2 nor 3.

    Examples
    --------
    >>> from warpkit.viz import frame_outline
    >>> frame_outline(1).tolist()
    [[-1.0, -1.0], [1.0, -1.0], [1.0, 1.0], [-1.0, 1.0], [-1.0, -1.0]]
    """
    if points_per_side < 1:
        raise wrong_value("points_per_side", "a number of at least 1", points_per_side)
    if ndim not in _WALKS:
        raise wrong_value("ndim", "2 or 3", ndim)
    corners = np.array([[float(sign + "1") for sign in corner] for corner in _WALKS[ndim].split()])
    along = np.arange(points_per_side)[:, None] / points_per_side
    sides = corners[:-1, None] + np.diff(corners, axis=0)[:, None] * along
    return np.concatenate([sides.reshape(-1, ndim), corners[-1:]])


def find_outlines(transform: AbstractTransform, in_shape: tuple[int, ...]) -> np.ndarray:
    """Find where the edges of the output lie on the input: where a transformer looks.

    Parameters
    ----------
    transform : AbstractTransform
        From output to input coordinates, in the frame "normalized" or "corners"; what
        :meth:`warpkit.nn.SpatialTransformer.localize` returns.
    in_shape : tuple of two or three ints
        Spatial shape of the input.

    Returns
    -------
    ndarray of float64 (n, m, 2 or 3)
        A curve along the edges on each input, as (x, y) or (x, y, z) in pixels: pixel centres are whole
        numbers.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> half = wk.Attention(np.array([0.5]), np.array([[0.0, 0.0]]))
    >>> outline = wk.viz.find_outlines(half, (8, 8))[0]
    >>> outline.min(axis=0), outline.max(axis=0)
    (array([1.5, 1.5]), array([5.5, 5.5]))
    """
    points = to_numpy(plain(transform(frame_outline(ndim=len(in_shape)))))
    return convert_points(points, in_shape, transform.frame, "pixel")
