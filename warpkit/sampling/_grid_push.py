"""Push: add values to an image at the points of a grid. The adjoint of pull."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, check_shape, op, wrong_value
from warpkit.ops import moveaxis
from warpkit.ops._broadcasting import unbroadcast

from . import _grid_sample, _native_grid_push
from ._checks import check_batch, check_derivative, check_options, raised
from ._scatter import scatter
from ._taps import find_taps


@op(linear=("values",), batch=("values", "grid"))
def grid_push(
    values: Array,
    grid: Array,
    shape: tuple[int, ...],
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    frame: str = "normalized",
    derivative: tuple[int, ...] | None = None,
) -> Array:
    r"""Add values to an image at the points of a grid: splatting, *push*, the adjoint of :func:`grid_sample`.

    **Convention.** The last axis of `grid` holds (x, y[, z]), the last image axis first. A grid point says
    where in the image its value is added.

    Parameters
    ----------
    values : array, shape (n, c, *in_shape)
        What each point gives; floating.
    grid : array, shape (n, *in_shape, ndim)
        Coordinates in `frame`. `n` may be 1 here or in `values`.
    shape : tuple of int
        Spatial shape of the image: ([[depth,] height,] width).
    kernel, boundary, frame : str
        As of :func:`grid_sample`. Under "constant", what falls outside is lost.
    derivative : tuple of int, optional
        Orders of derivative of the kernel, as of :func:`grid_sample`.

    Returns
    -------
    array, shape (n, c, *shape)
        Of the dtype of `values`.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If `values` is not floating, or `shape` not integers.

    Notes
    -----
    :math:`U_{nm} = \sum_{\text{points}} V\, k(x - m)\, k(y - n)`, so that
    :math:`\langle U', \mathrm{push}(V) \rangle = \langle \mathrm{pull}(U'), V \rangle` for every image `U'`.
    The VJP is :math:`\bar V = \mathrm{pull}(\bar U)` and
    :math:`\bar x = \sum_c V_c\, \partial\,\mathrm{pull}(\bar U)_c / \partial x`. Points with a NaN coordinate
    give nothing.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> wk.grid_push(np.ones((1, 1, 1)), np.array([[[1.25]]]), (4,), frame="pixel")
    array([[[0.  , 0.75, 0.25, 0.  ]]])
    """
    taps = find_taps(
        grid,
        shape,
        kernel=kernel,
        boundary=boundary,
        frame=frame,
        derivative=derivative,
        dtype=np.float64 if values.dtype == np.float64 else np.float32,
    )
    return scatter(values.reshape(*values.shape[:2], taps.answered.shape[1]), taps, shape)


@grid_push.spec
def _spec(values, grid, shape, *, kernel, boundary, frame, derivative):
    shape = check_shape(shape)
    ndim = len(shape)
    if not 1 <= ndim <= 3:
        raise wrong_value("shape", "1 to 3 lengths, one per spatial axis", shape)
    if grid.ndim < 2 or grid.shape[-1] != ndim:
        raise wrong_value("grid", f"a last axis of length {ndim}, for shape {shape}", f"shape {grid.shape}")
    if values.ndim < 2 or values.shape[2:] != grid.shape[1:-1]:
        points = "".join(f", {length}" for length in grid.shape[1:-1])
        raise wrong_value("values", f"shape (n, c{points}), with the points of grid", f"shape {values.shape}")
    n = check_batch("values", values.shape[0], grid)
    check_options(kernel, boundary, frame)
    check_derivative(derivative, ndim)
    if not values.differentiable:
        raise TypeError(f"values: expected a floating dtype, given {values.dtype}")
    if 0 in shape and 0 not in values.shape[2:]:
        raise ValueError(f"shape: expected at least one pixel on every axis, given {shape}")
    return ArraySpec((n, values.shape[1], *shape), values.dtype)


@grid_push.vjp.rule
def _vjp(ct_out, values, grid, *, needs, shape, **options):
    del shape
    ct_values = ct_grid = None
    if needs[0]:
        ct_values = unbroadcast(_grid_sample.grid_sample(ct_out, grid, **options), values)
    if needs[1]:
        ct_grid = _grid_sample.coordinate_cotangent(values, ct_out, grid, fill_value=0.0, **options)
    return ct_values, ct_grid


@grid_push.jvp.rule
def _jvp(tangents, values, grid, *, shape, derivative, **options):
    tan_values, tan_grid = tangents
    tan_out = None
    if tan_values is not None:
        tan_out = grid_push(tan_values, grid, shape, derivative=derivative, **options)
    if tan_grid is not None:
        for d in range(len(shape)):
            moved = values * moveaxis(tan_grid, -1, 0)[d][:, None].astype(values.dtype)
            term = grid_push(moved, grid, shape, derivative=raised(derivative, len(shape), d), **options)
            tan_out = term if tan_out is None else tan_out + term
    return tan_out


@grid_push.samples
def _samples(rng):
    for shape, boundary, frame in [
        ((5,), "mirror", "pixel"),
        ((4, 5), "constant", "normalized"),
        ((3, 4, 2), "wrap", "corners"),
    ]:
        points = (3,) * len(shape)
        values = rng.standard_normal((2, 2, *points))
        grid = _grid_sample.smooth_grid(rng, (2, *points), shape, frame)
        options = {"kernel": "linear", "boundary": boundary, "frame": frame}
        yield Sample((values, grid), {"shape": shape, **options, "derivative": None})
    yield Sample((values[:1], grid), {"shape": shape, **options, "derivative": (0, 1, 0)})
    for kernel, shape in [("cubic", (3, 4)), ("bspline2", (5,)), ("bspline3", (4, 3))]:
        values, grid = rng.standard_normal((2, 1, 4)), _grid_sample.smooth_grid(rng, (2, 4), shape, "pixel")
        options = {"kernel": kernel, "boundary": "mirror", "frame": "pixel"}
        yield Sample((values, grid), {"shape": shape, **options, "derivative": None})


grid_push.kernel(_native_grid_push.push)
grid_push.vjp.kernel(_native_grid_push.push_vjp)
