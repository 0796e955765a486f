"""Grids given by a displacement of every output pixel."""

from __future__ import annotations

from warpkit._core import Array, Sample, check_choice, namespace, op, wrong_value
from warpkit.grids import FRAMES, axis_coordinates


@op(batch=("field",))
def displacement_grid(field: Array, *, frame: str = "normalized") -> Array:
    r"""Add a displacement to every pixel centre: the grid to sample an input image at.

    **Convention.** Coordinates and displacements are (x, y[, z]), the last image axis first, both in `frame`.
    A displacement points from the output pixel to the place in the input that its value comes from.

    Parameters
    ----------
    field : array, shape (n, *shape, ndim)
        Displacements in the units of `frame`.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, *shape, ndim)
        :math:`g(p) = p + u(p)` at the pixel centres `p`, of the dtype of `field`.

    Raises
    ------
    ValueError
        If the last axis does not match the number of spatial axes.

    Notes
    -----
    :math:`\bar u = \bar g`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.displacement_grid(np.full((1, 1, 2, 2), 0.5), frame="pixel")
    array([[[[0.5, 0.5],
             [1.5, 0.5]]]])
    """
    xp, ndim = namespace(field), field.shape[-1]
    grid = xp.empty_like(field)
    for axis, length in enumerate(field.shape[1:-1]):
        # In float64, and rounded once.
        along = xp.asarray(axis_coordinates(length, frame)).reshape(-1, *(1,) * (ndim - 1 - axis))
        grid[..., -1 - axis] = along + field[..., -1 - axis]
    return grid


@displacement_grid.spec
def _spec(field, *, frame):
    ndim = field.ndim - 2
    if not 1 <= ndim <= 3 or field.shape[-1] != ndim:
        raise wrong_value(
            "field", "shape (n, *shape, ndim) with ndim lengths in shape", f"shape {field.shape}"
        )
    if not field.differentiable:
        raise TypeError(f"field: expected a floating dtype, given {field.dtype}")
    check_choice("frame", frame, FRAMES)
    return field


@displacement_grid.vjp.rule
def _vjp(ct_out, field, *, needs, frame):
    del field, needs, frame
    return (ct_out,)


@displacement_grid.jvp.rule
def _jvp(tangents, field, *, frame):
    del field, frame
    return tangents[0]


@displacement_grid.samples
def _samples(rng):
    yield Sample((rng.standard_normal((2, 3, 4, 2)),), {"frame": "normalized"})
    yield Sample((rng.standard_normal((1, 2, 3, 2, 3)),), {"frame": "pixel"})
