"""Strategies for hypothesis: images, grids and transform parameters.

Each function needs hypothesis when it is called, not before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit.grids import frame_scales

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy


def shapes(ndim: int = 2, min_side: int = 1, max_side: int = 6) -> SearchStrategy[tuple[int, ...]]:
    """Spatial shapes.

    Parameters
    ----------
    ndim : int
        Number of spatial axes.
    min_side, max_side : int
        Least and greatest length of an axis.

    Returns
    -------
    SearchStrategy
        Of tuples of `ndim` integers.
    """
    from hypothesis import strategies as st

    return st.tuples(*[st.integers(min_side, max_side)] * ndim)


def images(
    shape: tuple[int, ...] = (5, 6), n: int = 1, channels: int = 1, dtype: Any = np.float64
) -> SearchStrategy[np.ndarray]:
    """Images with values between -1 and 1, or over the whole range of an integer dtype.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape.
    n, channels : int
        Number of images, and of channels.
    dtype : dtype
        Floating or integer.

    Returns
    -------
    SearchStrategy
        Of arrays of shape (n, channels, *shape).
    """
    from hypothesis.extra import numpy as hnp

    dtype = np.dtype(dtype)
    limits: dict[str, Any] = {"min_value": -1, "max_value": 1} if dtype.kind == "f" else {}
    elements = hnp.from_dtype(dtype, **limits)
    return hnp.arrays(dtype, (n, channels, *shape), elements=elements)


def grids(
    shape: tuple[int, ...] = (5, 6),
    out_shape: tuple[int, ...] = (3, 4),
    n: int = 1,
    *,
    frame: str = "normalized",
    margin: int = 2,
    kinks: bool = False,
    dtype: Any = np.float64,
) -> SearchStrategy[np.ndarray]:
    """Grids of sampling points, inside the image and around it.

    Parameters
    ----------
    shape : tuple of int
        Spatial shape of the image that is sampled.
    out_shape : tuple of int
        Spatial shape of the output.
    n : int
        Number of grids.
    frame : str
        What the coordinates mean.
    margin : int
        How many pixels the points may lie outside.
    kinks : bool
        Whether points may lie where a kernel has a kink, at pixel centres and halfway between them;
        otherwise they keep a distance of 0.1 pixels, so that central differences can be taken.
    dtype : dtype
        Floating.

    Returns
    -------
    SearchStrategy
        Of arrays of shape (n, *out_shape, ndim) with coordinates (x, y[, z]).
    """
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp

    ndim = len(shape)
    scales, offsets = frame_scales(shape, frame)
    lengths = np.array(shape[::-1])
    all_points = (n, *out_shape, ndim)
    whole = hnp.arrays(np.int64, all_points, elements=st.integers(0, 10**6))
    quarters = [0.0, 0.5] if kinks else [0.25, 0.75]
    rest = hnp.arrays(np.float64, all_points, elements=st.sampled_from(quarters))
    jitter = hnp.arrays(np.float64, all_points, elements=st.floats(-0.15, 0.15))

    def place(draw: tuple[np.ndarray, np.ndarray, np.ndarray]) -> np.ndarray:
        start = draw[0] % (lengths + 2 * margin) - margin
        pixels = start + draw[1] + (0 if kinks else draw[2])
        return ((pixels - np.array(offsets)) / np.array(scales)).astype(dtype)

    return st.tuples(whole, rest, jitter).map(place)


def thetas(
    ndim: int = 2, n: int = 1, *, spread: float = 0.3, projective: bool = False, dtype: Any = np.float64
) -> SearchStrategy[np.ndarray]:
    """Matrices of affine or projective maps near the identity, all of them invertible.

    Parameters
    ----------
    ndim : int
        Number of spatial axes.
    n : int
        Number of maps.
    spread : float
        Largest distance of a map's elements from the identity's; under ``1 / ndim`` the linear part is
        diagonally dominant.
    projective : bool
        Whether there is a last row. Its off-diagonal elements are kept so small that the denominator is
        positive for normalised coordinates.
    dtype : dtype
        Floating.

    Returns
    -------
    SearchStrategy
        Of arrays of shape (n, ndim, ndim + 1), or (n, ndim + 1, ndim + 1).
    """
    from hypothesis import strategies as st
    from hypothesis.extra import numpy as hnp

    rows = ndim + 1 if projective else ndim
    elements = st.floats(-spread, spread)

    def around_identity(offsets: np.ndarray) -> np.ndarray:
        if projective:
            offsets = offsets.copy()
            offsets[:, -1] *= 0.5 / ndim
        return (np.eye(rows, ndim + 1) + offsets).astype(dtype)

    return hnp.arrays(np.float64, (n, rows, ndim + 1), elements=elements).map(around_identity)
