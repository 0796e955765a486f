"""Pull: gather an output from an image at the points of a grid."""

from __future__ import annotations

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, op
from warpkit.ops import moveaxis, stack
from warpkit.ops import sum as sum_over
from warpkit.ops._broadcasting import unbroadcast

from . import _grid_push, _native_grid_sample
from ._checks import (
    check_batch,
    check_derivative,
    check_dimensions,
    check_fill_value,
    check_interpolable,
    check_options,
    raised,
)
from ._gather import gather, to_image_dtype
from ._taps import find_taps


@op(linear=("image",), batch=("image", "grid"))
def grid_sample(
    image: Array,
    grid: Array,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
    derivative: tuple[int, ...] | None = None,
) -> Array:
    r"""Sample an image at the points of a grid: backward warping, *pull*.

    **Convention.** The last axis of `grid` holds (x, y[, z]), the last image axis first. A grid point says
    where in the image its output value comes from.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        One to three spatial axes: ([[depth,] height,] width). Floating; or uint8, uint16, int16, which are
        computed in float32, rounded half to even and saturated; for "nearest" any dtype. The output of an
        integer image is integer and has no derivative, also where `grid` is a :class:`Variable`: convert a
        uint8 image to float32 first where you want one.
    grid : array, shape (n, *out_shape, ndim)
        Coordinates in `frame`; its dtype is independent of the image's. `n` may be 1 here or in `image`.
    kernel : {"linear", "nearest", "cubic", "cubic_sharp", "bspline2", "bspline3"}
        How values between pixel centres come about: from 2, 1, 4, 4, 3 or 4 pixels per axis. The cubic ones
        are Keys' with a = -1/2 and with a = -3/4. B-splines take coefficients: those of
        :func:`spline_coefficients` make them go through an image. :func:`register_kernel` adds others.
    boundary : {"constant", "border", "reflect", "mirror", "wrap"}
        Which pixel a tap outside reads: `fill_value`; the nearest one; reflected about the outer edges, or
        about the corner centres; periodically.
    fill_value : float
        What taps outside read under "constant"; a number that the image's dtype can hold.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean: the outer edges of the corner pixels, or their centres; or pixels are counted.
    derivative : tuple of int, optional
        Orders of derivative with respect to (x, y[, z]), in units of the frame: (1, 0) samples
        :math:`\partial V / \partial x`.

    Returns
    -------
    array, shape (n, c, *out_shape)
        Of the image's dtype (float32 for a derivative of an integer image).

    Raises
    ------
    ValueError
        If shapes do not fit together, an axis of the image has no pixel, or an option is unknown.
    TypeError
        If the image's dtype cannot be interpolated.

    Notes
    -----
    With the kernel `k`, pixel coordinates :math:`x, y` and the image `U` (Jaderberg et al. 2015, eq. 3),

    .. math:: V = \sum_{n,m} U_{nm}\, k(x - m)\, k(y - n).

    The VJP is :math:`\bar U_{nm} = \sum_{\text{points}} \bar V\, k(x - m)\, k(y - n)`, which is
    :func:`grid_push`, and :math:`\bar x = \sum_c \bar V_c\, \partial V_c / \partial x`, which is this
    function with `derivative` raised. Where a coordinate meets a pixel centre, the derivative of the linear
    kernel is the right one, U[x + 1] - U[x], under every boundary. That of "nearest" is zero everywhere. The
    other kernels' slopes are continuous; their second or third derivatives jump, and are the right ones.

    A NaN coordinate gives NaN (in an integer image 0), nothing to the image's cotangent, and NaN to its own.
    An infinite coordinate is outside; under "reflect", "mirror" and "wrap" it has no answer, nor has one of
    2^53 pixels or more: it counts as NaN. A tap of zero weight is not read, so that its NaN or infinity does
    not spread; the derivative does read both pixels beside a coordinate.

    References
    ----------
    M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial Transformer Networks", NIPS 2015,
    arXiv:1506.02025, section 3.3.

    Examples
    --------
    In pixel coordinates, target pixel [1, 1] of a 4x4 image that is shifted by 1.5 pixels comes from
    [2.5, 2.5], the mean of four pixels:

    >>> import numpy as np, warpkit as wk
    >>> image = np.arange(16.0).reshape(1, 1, 4, 4)
    >>> source = np.array([1.0, 1.0]) + 1.5
    >>> source
    array([2.5, 2.5])
    >>> wk.grid_sample(image, source.reshape(1, 1, 1, 2), frame="pixel")
    array([[[[12.5]]]])
    >>> wk.grid_sample.vjp(np.ones((1, 1, 1, 1)), image, source.reshape(1, 1, 1, 2), frame="pixel")[1]
    array([[[[1., 4.]]]])
    """
    shape = image.shape[2:]
    taps = find_taps(
        grid,
        shape,
        kernel=kernel,
        boundary=boundary,
        frame=frame,
        derivative=derivative,
        dtype=np.float64 if image.dtype == np.float64 else np.float32,
    )
    out = gather(image, taps, fill_value)
    if image.dtype.kind == "f" or derivative is None or not any(derivative):  # integers' slopes stay float32
        out = to_image_dtype(out, image.dtype)
    return out.reshape(*out.shape[:2], *grid.shape[1:-1])


@grid_sample.spec
def _spec(image, grid, *, kernel, boundary, fill_value, frame, derivative):
    ndim = check_dimensions("image", image, grid)
    n = check_batch("image", image.shape[0], grid)
    check_options(kernel, boundary, frame)
    orders = check_derivative(derivative, ndim)
    check_interpolable("image", image, kernel)
    check_fill_value(fill_value, image)
    if 0 in image.shape[2:]:
        raise ValueError(
            f"image: expected at least one pixel on every spatial axis, given shape {image.shape}"
        )
    dtype = np.dtype(np.float32) if any(orders) and image.dtype.kind != "f" else image.dtype
    return ArraySpec((n, image.shape[1], *grid.shape[1:-1]), dtype)


def coordinate_cotangent(ct_out, image, grid, *, derivative, **options):
    """Cotangent of the grid: per coordinate, the sum over channels of ct_out times the raised derivative."""
    ndim = len(image.shape) - 2
    per_axis = []
    for d in range(ndim):
        slope = grid_sample(image, grid, derivative=raised(derivative, ndim, d), **options)
        per_axis.append(sum_over(ct_out * slope, axis=1, dtype="float64"))
    return unbroadcast(stack(per_axis, axis=-1), grid)


@grid_sample.vjp.rule
def _vjp(ct_out, image, grid, *, needs, fill_value, **options):
    ct_image = ct_grid = None
    if needs[0]:
        shape = tuple(image.shape[2:])
        ct_image = unbroadcast(_grid_push.grid_push(ct_out, grid, shape, **options), image)
    if needs[1]:
        ct_grid = coordinate_cotangent(ct_out, image, grid, fill_value=fill_value, **options)
    return ct_image, ct_grid


@grid_sample.jvp.rule
def _jvp(tangents, image, grid, *, fill_value, derivative, **options):
    tan_image, tan_grid = tangents
    tan_out = None
    if tan_image is not None:  # linear in the image: what lies outside it does not change
        tan_out = grid_sample(tan_image, grid, derivative=derivative, **options)
    if tan_grid is not None:
        ndim = len(image.shape) - 2
        for d in range(ndim):
            orders = raised(derivative, ndim, d)
            slope = grid_sample(image, grid, fill_value=fill_value, derivative=orders, **options)
            term = slope * moveaxis(tan_grid, -1, 0)[d][:, None].astype(slope.dtype)
            tan_out = term if tan_out is None else tan_out + term
    return tan_out


@grid_sample.samples
def _samples(rng):
    for spatial, boundary, frame in [
        ((5,), "wrap", "normalized"),
        ((4, 5), "constant", "normalized"),
        ((4, 5), "reflect", "pixel"),
        ((3, 4, 2), "border", "corners"),
        ((3, 2, 4), "mirror", "normalized"),
    ]:
        ndim = len(spatial)
        image = rng.standard_normal((2, 3, *spatial))
        grid = smooth_grid(rng, (2, *(3,) * ndim), spatial, frame)
        options = {"kernel": "linear", "boundary": boundary, "fill_value": 0.5, "frame": frame}
        yield Sample((image, grid), {**options, "derivative": None})
    yield Sample((image[:1], grid), {**options, "derivative": (1, 0, 0)})
    yield Sample((image, grid[:1]), {**options, "kernel": "nearest", "derivative": None})
    for kernel, spatial in [("cubic", (3, 4)), ("bspline2", (5,)), ("bspline3", (4, 3))]:
        image = rng.standard_normal((2, 1, *spatial))
        grid = smooth_grid(rng, (2, 4), spatial, "pixel")
        options = {"kernel": kernel, "boundary": "mirror", "fill_value": 0.5, "frame": "pixel"}
        yield Sample((image, grid), {**options, "derivative": None})


def smooth_grid(rng, out_shape, spatial, frame):
    """Random coordinates, some outside, at least 0.1 pixels away from the kinks of every kernel."""
    from warpkit.grids import frame_scales

    scales, offsets = frame_scales(spatial, frame)
    lengths = np.array(spatial[::-1])
    whole = rng.integers(-2, lengths + 2, (*out_shape, len(spatial)))
    pixels = whole + rng.choice([0.0, 0.5], whole.shape) + rng.uniform(0.1, 0.4, whole.shape)
    return (pixels - np.array(offsets)) / np.array(scales)


grid_sample.kernel(_native_grid_sample.pull)
grid_sample.vjp.kernel(_native_grid_sample.pull_vjp)
grid_sample.jvp.kernel(_native_grid_sample.pull_jvp)
