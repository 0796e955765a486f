"""The fused affine warp."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Sample, check_shape, op
from warpkit.sampling import grid_sample
from warpkit.sampling._native_arguments import AFFINE, is_floating, is_image
from warpkit.transforms import affine_grid
from warpkit.transforms._affine_grid import check_theta
from warpkit.transforms._to_pixels import affine_from_pixels_cotangent, affine_to_pixels

from . import _native_warp
from ._chain_rule import differentiate_through
from ._native_warp import Source


@op(linear=("image",), batch=("image", "theta"))
def warp_affine(
    image: Array,
    theta: Array,
    shape: tuple[int, ...] | None = None,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Warp an image affinely: :func:`affine_grid` and :func:`grid_sample` in one op.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first. `theta` maps output coordinates to
    input coordinates, both in `frame`.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        As of :func:`grid_sample`.
    theta : array, shape (n, ndim, ndim + 1)
        The matrix [A b] of each batch element. `n` may be 1 here or in `image`.
    shape : tuple of int, optional
        Spatial shape of the output, the input's by default.
    kernel, boundary, fill_value : optional
        As of :func:`grid_sample`.
    frame : {"normalized", "corners", "pixel"}
        What -1 and +1 mean; see :mod:`warpkit.grids`.

    Returns
    -------
    array, shape (n, c, *shape)
        Of the image's dtype.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If the image's dtype cannot be interpolated.

    Notes
    -----
    The frame is folded into theta in float64 and coordinates are pixels from there on, so that the identity
    reproduces the image bit for bit in every frame. The VJP is :func:`grid_push` for the image, and for theta
    the sum over pixels of :math:`\partial V / \partial g` times the pixel's coordinates, in float64.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = np.arange(4.0).reshape(1, 1, 1, 4)
    >>> half_turn = np.array([[[-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]])
    >>> wk.warp_affine(image, half_turn)
    array([[[[3., 2., 1., 0.]]]])
    """
    grid = _pixels(theta, in_shape=tuple(image.shape[2:]), shape=shape, frame=frame)
    return grid_sample(image, grid, kernel=kernel, boundary=boundary, fill_value=fill_value, frame="pixel")


def _pixels(theta: Array, *, in_shape: tuple[int, ...], shape: tuple[int, ...] | None, frame: str) -> Array:
    """Where in the input each output pixel comes from, (n, *out_shape, ndim) in pixels."""
    out_shape = in_shape if shape is None else shape
    return affine_grid(affine_to_pixels(theta, in_shape, out_shape, frame), out_shape, frame="pixel")


differentiate_through(warp_affine, _pixels)


def _source(theta: np.ndarray, in_shape: tuple[int, ...], shape: Any, frame: str) -> Source:
    out_shape = in_shape if shape is None else shape
    parameters = np.ascontiguousarray(affine_to_pixels(theta, in_shape, out_shape, frame))
    return Source(AFFINE, parameters, out_shape)


@warp_affine.kernel
def _pull(image, theta, *, shape, frame, **options):
    if not (is_image(image) and is_floating(theta)):
        return NotImplemented
    return _native_warp.pull(image, _source(theta, image.shape[2:], shape, frame), **options)


@warp_affine.vjp.kernel
def _pull_vjp(ct_out, image, theta, *, needs, shape, frame, **options):
    if not (is_floating(image) and is_floating(theta)):
        return NotImplemented
    source = _source(theta, image.shape[2:], shape, frame)

    def pull_back(ct_pixels):
        ct_theta = affine_from_pixels_cotangent(ct_pixels, image.shape[2:], source.shape, frame)
        return (ct_theta.astype(theta.dtype, copy=False),)

    return _native_warp.cotangents(ct_out, image, source, pull_back, needs, **options)


@warp_affine.jvp.kernel
def _pull_jvp(tangents, image, theta, *, shape, frame, **options):
    if not (is_floating(image) and is_floating(theta)):
        return NotImplemented
    tan_image, tan_theta = tangents
    source = _source(theta, image.shape[2:], shape, frame)
    if tan_theta is not None:
        zero = affine_to_pixels(np.zeros_like(theta[:1]), image.shape[2:], source.shape, frame)
        tan_theta = affine_to_pixels(tan_theta, image.shape[2:], source.shape, frame) - zero
    return _native_warp.tangent(tan_image, tan_theta, image, source, **options)


def warp_spec(
    image: ArraySpec, theta: ArraySpec, ndim: int, shape: Any, options: dict[str, Any]
) -> ArraySpec:
    """Check what all fused warps share, for a transform in `ndim` dimensions; tell the output's spec."""
    if image.ndim != ndim + 2:
        raise ValueError(
            f"image: expected shape (n, c, *spatial) with {ndim} spatial axes, for theta of shape "
            f"{theta.shape}, given shape {image.shape}"
        )
    out_shape = image.shape[2:] if shape is None else check_shape(shape, ndim=ndim)
    grid = ArraySpec((theta.shape[0], *out_shape, ndim), theta.dtype)
    return grid_sample.output_specs((image, grid), {**options, "derivative": None})[0]


@warp_affine.spec
def _spec(image, theta, shape, **options):
    return warp_spec(image, theta, check_theta(theta), shape, options)


def draw_away_from_kinks(
    draw: Callable[[], np.ndarray],
    pixels_of: Callable[[np.ndarray], np.ndarray],
    distance: float = 0.002,
) -> np.ndarray:
    """Draw parameters until no coordinate is so close, in pixels, to a pixel centre, where slopes jump."""
    for _ in range(1000):
        theta = draw()
        pixels = pixels_of(theta)
        if np.abs(pixels - np.rint(pixels)).min() > distance:
            return theta
    raise RuntimeError("no parameters found that keep all coordinates away from pixel centres")


@warp_affine.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), None, "corners")
    yield _sample(rng, (6,), (2,), "pixel")


def _sample(rng, spatial, shape, frame):
    ndim = len(spatial)
    image = rng.standard_normal((2, 2, *spatial))
    theta = draw_away_from_kinks(
        lambda: np.eye(ndim, ndim + 1) + rng.uniform(-0.2, 0.2, (2, ndim, ndim + 1)),
        lambda theta: _pixels(theta, in_shape=spatial, shape=shape, frame=frame),
    )
    options = {"kernel": "linear", "boundary": "mirror", "fill_value": 0.0, "frame": frame}
    return Sample((image, theta), {"shape": shape, **options})
