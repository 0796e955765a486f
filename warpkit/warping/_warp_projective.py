"""The fused projective warp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from warpkit._core import Array, Sample, op
from warpkit.autograd import jvp, vjp
from warpkit.sampling import grid_sample
from warpkit.sampling._native_arguments import PROJECTIVE, is_floating, is_image
from warpkit.transforms import homogeneous_grid
from warpkit.transforms._projective_grid import check_homography, divide_out, with_positive_origin
from warpkit.transforms._to_pixels import projective_to_pixels

from . import _native_warp
from ._chain_rule import differentiate_through
from ._native_warp import Source
from ._warp_affine import draw_away_from_kinks, warp_spec


@op(linear=("image",), batch=("image", "theta"))
def warp_projective(
    image: Array,
    theta: Array,
    shape: tuple[int, ...] | None = None,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Warp an image by a homography: :func:`projective_grid` and :func:`grid_sample` in one op.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first. `theta` maps output coordinates to
    input coordinates, both in `frame`.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        As of :func:`grid_sample`.
    theta : array, shape (n, ndim + 1, ndim + 1)
        Homogeneous matrices; any non-zero multiple is the same map. `n` may be 1 here or in `image`.
    shape : tuple of int, optional
        Spatial shape of the output, the input's by default.
    kernel, boundary, fill_value : optional
        As of :func:`grid_sample`.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, c, *shape)
        Of the image's dtype. Where the denominator is zero or negative the point is infinitely far: outside,
        with zero gradient.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If the image's dtype cannot be interpolated.

    Notes
    -----
    The frame is folded into theta in float64, as in :func:`warp_affine`. The VJP for theta is that of
    :func:`projective_points` at every pixel, summed in float64.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = np.arange(4.0).reshape(1, 1, 1, 4)
    >>> wk.warp_projective(image, -2 * np.eye(3)[None])
    array([[[[0., 1., 2., 3.]]]])
    """
    grid = _pixels(theta, in_shape=tuple(image.shape[2:]), shape=shape, frame=frame)
    return grid_sample(image, grid, kernel=kernel, boundary=boundary, fill_value=fill_value, frame="pixel")


def _pixels(theta: Array, *, in_shape: tuple[int, ...], shape: tuple[int, ...] | None, frame: str) -> Array:
    """Where in the input each output pixel comes from, (n, *out_shape, ndim) in pixels."""
    out_shape = in_shape if shape is None else shape
    matrix = projective_to_pixels(with_positive_origin(theta), in_shape, out_shape, frame)
    return divide_out(homogeneous_grid(matrix, out_shape, frame="pixel"))


differentiate_through(warp_projective, _pixels)


def _parameters_of(image: Array, shape: Any, frame: str) -> Callable[[Array], Array]:
    """From theta to the homogeneous map of pixels, whose denominator is positive at the origin."""
    in_shape = image.shape[2:]
    out_shape = in_shape if shape is None else shape
    return lambda theta: projective_to_pixels(with_positive_origin(theta), in_shape, out_shape, frame)


def _source(parameters: Array, image: Array, shape: Any) -> Source:
    out_shape = image.shape[2:] if shape is None else shape
    return Source(PROJECTIVE, np.ascontiguousarray(parameters), out_shape)


@warp_projective.kernel
def _pull(image, theta, *, shape, frame, **options):
    if not (is_image(image) and is_floating(theta)):
        return NotImplemented
    source = _source(_parameters_of(image, shape, frame)(theta), image, shape)
    return _native_warp.pull(image, source, **options)


@warp_projective.vjp.kernel
def _pull_vjp(ct_out, image, theta, *, needs, shape, frame, **options):
    if not (is_floating(image) and is_floating(theta)):
        return NotImplemented
    parameters, pull_back = vjp(_parameters_of(image, shape, frame), (theta,))
    return _native_warp.cotangents(
        ct_out, image, _source(parameters, image, shape), pull_back, needs, **options
    )


@warp_projective.jvp.kernel
def _pull_jvp(tangents, image, theta, *, shape, frame, **options):
    if not (is_floating(image) and is_floating(theta)):
        return NotImplemented
    parameters, tan_parameters = jvp(_parameters_of(image, shape, frame), (theta,), tangents[1:])
    source = _source(parameters, image, shape)
    moved = None if tangents[1] is None else tan_parameters
    return _native_warp.tangent(tangents[0], moved, image, source, **options)


@warp_projective.spec
def _spec(image, theta, shape, **options):
    return warp_spec(image, theta, check_homography(theta), shape, options)


@warp_projective.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), None, "corners")


def _sample(rng, spatial, shape, frame):
    ndim = len(spatial)
    image = rng.standard_normal((2, 2, *spatial))
    theta = draw_away_from_kinks(
        lambda: np.eye(ndim + 1) + rng.uniform(-0.1, 0.1, (2, ndim + 1, ndim + 1)),
        lambda theta: _pixels(theta, in_shape=spatial, shape=shape, frame=frame),
    )
    options = {"kernel": "linear", "boundary": "border", "fill_value": 0.0, "frame": frame}
    return Sample((image, theta), {"shape": shape, **options})
