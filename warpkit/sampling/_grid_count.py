"""Count: how much of a grid's points each pixel receives."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, namespace, op, plain

from ._grid_push import _spec as push_spec
from ._grid_push import grid_push


@op(batch=("grid",))
def grid_count(
    grid: Array,
    shape: tuple[int, ...],
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    frame: str = "normalized",
) -> Array:
    r"""Add up the weights that each pixel receives from a grid: :func:`grid_push` of ones.

    **Convention.** As of :func:`grid_push`.

    Parameters
    ----------
    grid : array, shape (n, *in_shape, ndim)
        Coordinates (x, y[, z]) in `frame`; floating.
    shape : tuple of int
        Spatial shape of the image: ([[depth,] height,] width).
    kernel, boundary, frame : str
        As of :func:`grid_sample`.

    Returns
    -------
    array, shape (n, 1, *shape)
        Of the dtype of `grid`. Dividing a push by it gives the mean of what arrived.

    Notes
    -----
    :math:`N_{nm} = \sum_{\text{points}} k(x - m)\, k(y - n)`. The VJP is
    :math:`\bar x = \partial\,\mathrm{pull}(\bar N) / \partial x`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.grid_count(np.array([[[0.0], [0.5]]]), (3,), frame="pixel")
    array([[[1.5, 0.5, 0. ]]])
    """
    bottom = plain(grid)
    ones = namespace(bottom).ones((grid.shape[0], 1, *grid.shape[1:-1]), bottom.dtype)
    return grid_push(ones, grid, shape, kernel=kernel, boundary=boundary, frame=frame)


@grid_count.spec
def _spec(grid, shape, *, kernel, boundary, frame):
    if not grid.differentiable:
        raise TypeError(f"grid: expected a floating dtype, given {grid.dtype}")
    ones = ArraySpec((*grid.shape[:1], 1, *grid.shape[1:-1]), np.dtype(grid.dtype))
    return push_spec(ones, grid, shape, kernel=kernel, boundary=boundary, frame=frame, derivative=None)


@grid_count.samples
def _samples(rng):
    grid = rng.integers(-1, 4, (2, 6, 2)) + rng.uniform(0.1, 0.9, (2, 6, 2))
    yield Sample((grid,), {"shape": (4, 3), "kernel": "linear", "boundary": "constant", "frame": "pixel"})
