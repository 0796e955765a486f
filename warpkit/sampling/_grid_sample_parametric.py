"""Pull with a kernel that has parameters, and derivatives by them."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterator
from typing import Any

from warpkit._core import Array, ArraySpec, Sample, check_choice, namespace, op, wrong_value
from warpkit.grids import FRAMES
from warpkit.ops import moveaxis, reshape, stack
from warpkit.ops import sum as sum_over
from warpkit.ops._broadcasting import unbroadcast

from . import _grid_push_parametric
from ._boundary import BOUNDARIES
from ._checks import check_batch, check_derivative, check_dimensions, check_fill_value, raised
from ._gather import compute_dtype, gather
from ._grid_sample import smooth_grid
from ._taps import Taps, find_taps_of
from .kernels import get_parametric_kernel


@op(linear=("image",), batch=("image", "grid", "parameters"))
def grid_sample_parametric(
    image: Array,
    grid: Array,
    parameters: Array,
    *,
    kernel: str,
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
    derivative: tuple[int, ...] | None = None,
    parameter_derivative: tuple[int, ...] | None = None,
) -> Array:
    r"""Sample an image with a kernel whose shape is a parameter, and so can be learned or fitted.

    **Convention.** As of :func:`grid_sample`. The parameters are in the order (x, y[, z]), too, and in pixels
    whatever the frame.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        One to three spatial axes; floating.
    grid : array, shape (n, *out_shape, ndim)
        Coordinates in `frame`.
    parameters : array, shape (n, ndim)
        One number for each coordinate. `n` may be 1 here, in `grid` and in `image`.
    kernel : {"gaussian", "keys"}
        "gaussian": seven taps per axis, the standard deviation is the parameter; a low-pass filter and
        resampling in one. "keys": cubic convolution, the slope `a` at distance 1 is the parameter; -1/2 is
        "cubic" and -3/4 "cubic_sharp".
    boundary, fill_value, frame : optional
        As of :func:`grid_sample`.
    derivative, parameter_derivative : tuple of int, optional
        Orders of derivative with respect to the coordinates, in units of the frame, and with respect to their
        parameters.

    Returns
    -------
    array, shape (n, c, *out_shape)
        Of the image's dtype.

    Raises
    ------
    ValueError
        If shapes do not fit together, an axis of the image has no pixel, or an option is unknown.
    TypeError
        If the image or the parameters are not floating.

    Notes
    -----
    It is eq. (3) of Jaderberg et al. (2015), with the parameters :math:`\Phi_x, \Phi_y` of its kernel:

    .. math:: V = \sum_{n,m} U_{nm}\, k(x - m; \Phi_x)\, k(y - n; \Phi_y).

    The VJP is :func:`grid_push_parametric` for the image;
    :math:`\bar x = \sum_c \bar V_c\, \partial V_c / \partial x` for the coordinates; and
    :math:`\bar\Phi_x = \sum_{\text{points}, c} \bar V_c\, \partial V_c / \partial \Phi_x` for the parameters:
    this function with one of the two derivatives raised. A number that is shared by all coordinates is
    repeated, and its derivative is the sum.

    "gaussian" has the weights :math:`w_k = g_k / \sum_j g_j`, where :math:`g_k = \exp(-d_k^2 / 2 \sigma^2)`
    at the distances :math:`d_k` of the nearest pixel and of three more on either side. Derivatives are those
    of this quotient. Halfway between pixels one of the seven is exchanged for another; values jump there, by
    about a thousandth at :math:`\sigma = 1`, and derivatives are the right ones. The last bits depend on the
    machine's exponential function.

    Bad coordinates are treated as by :func:`grid_sample`. A NaN among the parameters gives NaN, as does a
    standard deviation of 0.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    arXiv:1506.02025, section 3.3.

    Examples
    --------
    A single bright pixel; the wider the kernel, the less of it is left in its place:

    >>> import numpy as np, warpkit as wk
    >>> image, at = np.array([[[0.0, 0.0, 1.0, 0.0, 0.0]]]), np.array([[[2.0]]])
    >>> options = {"kernel": "gaussian", "boundary": "border", "frame": "pixel"}
    >>> wk.grid_sample_parametric(image, at, np.array([[0.8]]), **options).round(4)
    array([[[0.4987]]])
    >>> _, _, slope = wk.grid_sample_parametric.vjp(
    ...     np.ones((1, 1, 1)), image, at, np.array([[0.8]]), **options
    ... )
    >>> slope.round(4)
    array([[-0.6232]])
    """
    taps = find_parametric_taps(
        grid,
        parameters,
        image.shape[2:],
        kernel=kernel,
        boundary=boundary,
        frame=frame,
        derivative=derivative,
        parameter_derivative=parameter_derivative,
        dtype=compute_dtype(image.dtype),
    )
    out = gather(image, taps, fill_value)
    return out.reshape(*out.shape[:2], *grid.shape[1:-1]).astype(image.dtype, copy=False)


def find_parametric_taps(
    grid: Array,
    parameters: Array,
    shape: tuple[int, ...],
    *,
    kernel: str,
    parameter_derivative: tuple[int, ...] | None,
    dtype: Any,
    **options: Any,
) -> Taps:
    """Taps of a grid's points, in the batch that grid and parameters have together."""
    xp = namespace(grid, parameters)
    if grid.shape[0] == 1:
        grid = xp.broadcast_to(grid, (parameters.shape[0], *grid.shape[1:]))
    orders = parameter_derivative or (0,) * len(shape)
    parameters = parameters.astype(dtype)[:, :, None]
    kernels = [get_parametric_kernel(kernel).at(parameters[:, d], order) for d, order in enumerate(orders)]
    return find_taps_of(kernels, grid, shape, dtype=dtype, **options)


@grid_sample_parametric.spec
def _spec(image, grid, parameters, *, boundary, fill_value, frame, **options):
    ndim = check_dimensions("image", image, grid)
    n = check_batch("image", image.shape[0], grid)
    n = check_parametric(n, parameters, ndim, **options)
    check_choice("boundary", boundary, BOUNDARIES)
    check_choice("frame", frame, FRAMES)
    if not image.differentiable:
        raise TypeError(f"image: expected a floating dtype, given {image.dtype}")
    check_fill_value(fill_value, image)
    if 0 in image.shape[2:]:
        raise ValueError(
            f"image: expected at least one pixel on every spatial axis, given shape {image.shape}"
        )
    return ArraySpec((n, image.shape[1], *grid.shape[1:-1]), image.dtype)


def check_parametric(
    n: int,
    parameters: ArraySpec,
    ndim: int,
    *,
    kernel: str,
    derivative: tuple[int, ...] | None,
    parameter_derivative: tuple[int, ...] | None,
) -> int:
    """Check what pull and push share, for other arrays with a batch of `n`; return the batch of all."""
    if parameters.ndim != 2 or parameters.shape[1] != ndim:
        raise wrong_value(
            "parameters", f"shape (n, {ndim}), a number per coordinate", f"shape {parameters.shape}"
        )
    m = parameters.shape[0]
    if n != m and 1 not in (n, m):
        raise wrong_value("parameters", f"a batch of {n}, as in the other arrays, or of 1", f"a batch of {m}")
    if not parameters.differentiable:
        raise TypeError(f"parameters: expected a floating dtype, given {parameters.dtype}")
    get_parametric_kernel(kernel)
    check_derivative(derivative, ndim)
    check_derivative(parameter_derivative, ndim, "parameter_derivative")
    return m if n == 1 else n


def slopes(name: str, image: Array, grid: Array, parameters: Array, **options: Any) -> Iterator[Array]:
    """Pulls with the index `name` raised, in one coordinate after the other."""
    ndim = len(image.shape) - 2
    for d in range(ndim):
        higher = {**options, name: raised(options[name], ndim, d)}
        yield grid_sample_parametric(image, grid, parameters, **higher)


def coordinate_cotangent(
    ct_out: Array, image: Array, grid: Array, parameters: Array, **options: Any
) -> Array:
    """Cotangent of the grid: sums over channels."""
    per_axis = [
        sum_over(ct_out * slope, axis=1, dtype="float64")
        for slope in slopes("derivative", image, grid, parameters, **options)
    ]
    return unbroadcast(stack(per_axis, axis=-1), grid)


def parameter_cotangent(ct_out: Array, image: Array, grid: Array, parameters: Array, **options: Any) -> Array:
    """Cotangent of the parameters: sums over channels and points."""
    per_axis = [
        sum_over(ct_out * slope, axis=tuple(range(1, len(slope.shape))), dtype="float64")
        for slope in slopes("parameter_derivative", image, grid, parameters, **options)
    ]
    return unbroadcast(stack(per_axis, axis=-1), parameters)


@grid_sample_parametric.vjp.rule
def _vjp(ct_out, image, grid, parameters, *, needs, fill_value, **options):
    push = _grid_push_parametric.grid_push_parametric
    arguments = {"fill_value": fill_value, **options}
    shape = tuple(image.shape[2:])
    return (
        unbroadcast(push(ct_out, grid, parameters, shape, **options), image) if needs[0] else None,
        coordinate_cotangent(ct_out, image, grid, parameters, **arguments) if needs[1] else None,
        parameter_cotangent(ct_out, image, grid, parameters, **arguments) if needs[2] else None,
    )


@grid_sample_parametric.jvp.rule
def _jvp(tangents, image, grid, parameters, *, fill_value, **options):
    tan_image, tan_grid, tan_parameters = tangents
    arguments = {"fill_value": fill_value, **options}
    terms = []
    if tan_image is not None:  # linear in the image: what lies outside it does not change
        terms.append(grid_sample_parametric(tan_image, grid, parameters, **options))
    if tan_grid is not None:
        along = slopes("derivative", image, grid, parameters, **arguments)
        terms += [slope * of_points(tan_grid, d, slope) for d, slope in enumerate(along)]
    if tan_parameters is not None:
        along = slopes("parameter_derivative", image, grid, parameters, **arguments)
        terms += [slope * of_images(tan_parameters, d, slope) for d, slope in enumerate(along)]
    return functools.reduce(operator.add, terms)


def of_points(tan_grid: Array, d: int, values: Array) -> Array:
    """Coordinate `d` of each point's tangent, as a factor of values (n, c, *out_shape)."""
    return moveaxis(tan_grid, -1, 0)[d][:, None].astype(values.dtype)


def of_images(tan_parameters: Array, d: int, values: Array) -> Array:
    """Coordinate `d` of each image's tangent, as a factor of values (n, c, *out_shape)."""
    shape = (tan_parameters.shape[0], *(1,) * (len(values.shape) - 1))
    return reshape(tan_parameters[:, d], shape).astype(values.dtype)


@grid_sample_parametric.samples
def _samples(rng):
    for spatial, kernel, boundary, frame in [
        ((5,), "keys", "wrap", "normalized"),
        ((4, 5), "keys", "constant", "pixel"),
        ((3, 4), "gaussian", "mirror", "corners"),
        ((2, 3, 2), "keys", "border", "pixel"),
    ]:
        ndim = len(spatial)
        image = rng.standard_normal((2, 2, *spatial))
        grid = smooth_grid(rng, (2, *(2,) * ndim), spatial, frame)
        parameters = rng.uniform(0.5, 1.0, (2, ndim)) * (-1 if kernel == "keys" else 1)
        options = {"kernel": kernel, "boundary": boundary, "fill_value": 0.5, "frame": frame}
        none = {"derivative": None, "parameter_derivative": None}
        yield Sample((image, grid, parameters), {**options, **none})
    orders = {"derivative": (0, 1, 0), "parameter_derivative": (0, 0, 1)}
    yield Sample((image, grid[:1], parameters[:1]), {**options, **orders})
