"""Push with a kernel that has parameters: the adjoint of pull with it."""

from __future__ import annotations

import functools
import operator

from warpkit._core import Array, ArraySpec, Sample, op
from warpkit.ops._broadcasting import unbroadcast

from . import _grid_sample_parametric as _pull
from ._checks import raised
from ._gather import compute_dtype
from ._grid_push import _spec as push_spec
from ._grid_sample import smooth_grid
from ._scatter import scatter


@op(linear=("values",), batch=("values", "grid", "parameters"))
def grid_push_parametric(
    values: Array,
    grid: Array,
    parameters: Array,
    shape: tuple[int, ...],
    *,
    kernel: str,
    boundary: str = "constant",
    frame: str = "normalized",
    derivative: tuple[int, ...] | None = None,
    parameter_derivative: tuple[int, ...] | None = None,
) -> Array:
    r"""Add values to an image with a kernel whose shape is a parameter: splatting.

    **Convention.** As of :func:`grid_push` and :func:`grid_sample_parametric`.

    Parameters
    ----------
    values : array, shape (n, c, *in_shape)
        What each point gives; floating.
    grid : array, shape (n, *in_shape, ndim)
        Coordinates in `frame`.
    parameters : array, shape (n, ndim)
        One number for each coordinate. `n` may be 1 here, in `grid` and in `values`.
    shape : tuple of int
        Spatial shape of the image: ([[depth,] height,] width).
    kernel, boundary, frame, derivative, parameter_derivative : optional
        As of :func:`grid_sample_parametric`. Under "constant", what falls outside is lost.

    Returns
    -------
    array, shape (n, c, *shape)
        Of the dtype of `values`.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If `values` or `parameters` are not floating, or `shape` not integers.

    Notes
    -----
    :math:`U_{nm} = \sum_{\text{points}} V\, k(x - m; \Phi_x)\, k(y - n; \Phi_y)`, the adjoint of
    :func:`grid_sample_parametric`. The VJP is that function of the image's cotangent for `values`, and its
    derivatives times `values`, summed, for coordinates and parameters.

    Examples
    --------
    One point, splatted as a Gaussian; its mass stays 1:

    >>> import numpy as np, warpkit as wk
    >>> one, point, sigma = np.ones((1, 1, 1)), np.array([[[2.0]]]), np.array([[0.6]])
    >>> wk.grid_push_parametric(one, point, sigma, (5,), kernel="gaussian", frame="pixel").round(3)
    array([[[0.003, 0.166, 0.664, 0.166, 0.003]]])
    """
    taps = _pull.find_parametric_taps(
        grid,
        parameters,
        shape,
        kernel=kernel,
        boundary=boundary,
        frame=frame,
        derivative=derivative,
        parameter_derivative=parameter_derivative,
        dtype=compute_dtype(values.dtype),
    )
    return scatter(values.reshape(*values.shape[:2], taps.answered.shape[1]), taps, shape)


@grid_push_parametric.spec
def _spec(values, grid, parameters, shape, *, boundary, frame, **options):
    plain_push = {"kernel": "linear", "boundary": boundary, "frame": frame, "derivative": None}
    out = push_spec(values, grid, shape, **plain_push)
    n = _pull.check_parametric(out.shape[0], parameters, len(shape), **options)
    return ArraySpec((n, *out.shape[1:]), values.dtype)


@grid_push_parametric.vjp.rule
def _vjp(ct_out, values, grid, parameters, *, needs, shape, **options):
    del shape
    pull = _pull.grid_sample_parametric
    slopes_of = (ct_out, grid, parameters)
    return (
        unbroadcast(pull(*slopes_of, **options), values) if needs[0] else None,
        _pull.coordinate_cotangent(values, *slopes_of, fill_value=0.0, **options) if needs[1] else None,
        _pull.parameter_cotangent(values, *slopes_of, fill_value=0.0, **options) if needs[2] else None,
    )


@grid_push_parametric.jvp.rule
def _jvp(tangents, values, grid, parameters, *, shape, **options):
    tan_values, tan_grid, tan_parameters = tangents

    def push(pushed, **raised_options):
        return grid_push_parametric(pushed, grid, parameters, shape, **{**options, **raised_options})

    terms = [] if tan_values is None else [push(tan_values)]
    for d in range(len(shape)):
        if tan_grid is not None:
            higher = raised(options["derivative"], len(shape), d)
            terms.append(push(values * _pull.of_points(tan_grid, d, values), derivative=higher))
        if tan_parameters is not None:
            higher = raised(options["parameter_derivative"], len(shape), d)
            moved = values * _pull.of_images(tan_parameters, d, values)
            terms.append(push(moved, parameter_derivative=higher))
    return functools.reduce(operator.add, terms)


@grid_push_parametric.samples
def _samples(rng):
    for shape, kernel, boundary, frame in [
        ((5,), "gaussian", "wrap", "normalized"),
        ((3, 4), "keys", "mirror", "pixel"),
        ((2, 3, 2), "keys", "constant", "corners"),
    ]:
        ndim = len(shape)
        points = (2,) * ndim
        values, grid = rng.standard_normal((2, 2, *points)), smooth_grid(rng, (2, *points), shape, frame)
        parameters = rng.uniform(0.5, 1.0, (2, ndim)) * (-1 if kernel == "keys" else 1)
        options = {"shape": shape, "kernel": kernel, "boundary": boundary, "frame": frame}
        none = {"derivative": None, "parameter_derivative": None}
        yield Sample((values, grid, parameters), {**options, **none})
    orders = {"derivative": (0, 1, 0), "parameter_derivative": (0, 1, 0)}
    yield Sample((values[:1], grid, parameters[:1]), {**options, **orders})
