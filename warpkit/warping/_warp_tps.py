"""The fused thin-plate spline warp, and the warp by a displacement of every pixel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from warpkit._core import Array, Sample, namespace, op, plain
from warpkit.autograd import jvp, vjp
from warpkit.grids import frame_scales, identity_grid
from warpkit.ops import reshape
from warpkit.sampling import grid_sample
from warpkit.sampling._native_arguments import TPS, Spline, is_floating, is_image, packed
from warpkit.transforms import affine_grid, tps_coefficients, tps_displacement
from warpkit.transforms._to_pixels import displacement_to_pixels, identity_to_pixels
from warpkit.transforms._tps_grid import check_values
from warpkit.transforms._tps_system import check_control_points, lattice

from . import _native_warp
from ._chain_rule import differentiate_through
from ._native_warp import Source
from ._warp_affine import draw_away_from_kinks, warp_spec


@op(linear=("image",))
def warp_tps(
    image: Array,
    theta: Array,
    control_points: Array,
    shape: tuple[int, ...] | None = None,
    regularization: float = 0.0,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Warp an image by a thin-plate spline: :func:`tps_grid` and :func:`grid_sample` in one op.

    **Convention.** Coordinates are (x, y[, z]), the last image axis first, all in `frame`. `theta` says where
    each control point of the output lies in the input: the identity's theta is the control points.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        As of :func:`grid_sample`, with two or three spatial axes.
    theta : array, shape (n, k, ndim)
        Places in the input. `n` may be 1 here or in `image`.
    control_points : array, shape (k, ndim)
        Places in the output.
    shape : tuple of int, optional
        Spatial shape of the output, the input's by default.
    regularization : float
        0 interpolates, more is smoother; see :func:`tps_grid`.
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
        If shapes do not fit together, an option is unknown, or the control points are degenerate.
    TypeError
        If the image's dtype cannot be interpolated.

    Notes
    -----
    The pixels of the identity map plus the spline's displacement in pixels: the identity's displacement is
    exactly zero, so it reproduces the image bit for bit. The VJP for theta is linear, as of :func:`tps_grid`.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = np.arange(4.0).reshape(1, 1, 2, 2)
    >>> corners = np.array([[-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])
    >>> wk.warp_tps(image, corners[None], corners)
    array([[[[0., 1.],
             [2., 3.]]]])
    """
    grid = _pixels(
        theta,
        control_points,
        in_shape=tuple(image.shape[2:]),
        shape=shape,
        regularization=regularization,
        frame=frame,
    )
    return grid_sample(image, grid, kernel=kernel, boundary=boundary, fill_value=fill_value, frame="pixel")


def _pixels(
    theta: Array,
    control_points: Array,
    *,
    in_shape: tuple[int, ...],
    shape: tuple[int, ...] | None,
    regularization: float,
    frame: str,
) -> Array:
    """Where in the input each output pixel comes from, (n, *out_shape, ndim) in pixels."""
    out_shape = in_shape if shape is None else shape
    ndim = len(out_shape)
    points = namespace(plain(theta)).asarray(identity_grid(out_shape, frame).reshape(1, -1, ndim))
    coefficients = tps_coefficients(theta, control_points, regularization)
    field = reshape(
        tps_displacement(coefficients, control_points, points), (theta.shape[0], *out_shape, ndim)
    )
    return displaced_pixels(field, in_shape, frame)


differentiate_through(warp_tps, _pixels)


def _parameters_of(
    control_points: Array, image: Array, regularization: float, frame: str
) -> Callable[[Array], Array]:
    """From theta to the coefficients of the displacement in pixels, (n, k + 1 + ndim, ndim)."""

    def parameters(theta: Array) -> Array:
        coefficients = tps_coefficients(theta, control_points, regularization)
        return displacement_to_pixels(coefficients, tuple(image.shape[2:]), frame)

    return parameters


def _source(parameters: np.ndarray, control_points: np.ndarray, image: Any, shape: Any, frame: str) -> Source:
    in_shape = image.shape[2:]
    out_shape = in_shape if shape is None else shape
    ndim = len(out_shape)
    centres = packed(np.ascontiguousarray(control_points, np.float64))
    spline = Spline(controls=len(centres), control_points=centres.ctypes.data)
    spline.centres = centres  # keeps the memory alive
    scales, offsets = frame_scales(out_shape, frame)
    identity = identity_to_pixels(in_shape, out_shape, frame)[0]
    for d in range(ndim):
        spline.frame_scale[d], spline.frame_offset[d] = scales[d], offsets[d]
        spline.identity_scale[d], spline.identity_offset[d] = identity[d, d], identity[d, ndim]
    return Source(TPS, np.ascontiguousarray(parameters), out_shape, spline)


@warp_tps.kernel
def _pull(image, theta, control_points, *, shape, regularization, frame, **options):
    if not (is_image(image) and is_floating(theta) and is_floating(control_points)):
        return NotImplemented
    parameters = _parameters_of(control_points, image, regularization, frame)(theta)
    source = _source(parameters, control_points, image, shape, frame)
    return _native_warp.pull(image, source, **options)


@warp_tps.vjp.kernel
def _pull_vjp(ct_out, image, theta, control_points, *, needs, shape, regularization, frame, **options):
    if needs[2] or not (is_floating(image) and is_floating(theta) and is_floating(control_points)):
        return NotImplemented  # control points that move with the output: array code
    parameters, pull_back = vjp(_parameters_of(control_points, image, regularization, frame), (theta,))
    source = _source(parameters, control_points, image, shape, frame)
    found = _native_warp.cotangents(ct_out, image, source, pull_back, needs[:2], **options)
    return NotImplemented if found is NotImplemented else (*found, None)


@warp_tps.jvp.kernel
def _pull_jvp(tangents, image, theta, control_points, *, shape, regularization, frame, **options):
    if tangents[2] is not None or not (is_floating(image) and is_floating(theta)):
        return NotImplemented
    if not is_floating(control_points):
        return NotImplemented
    parameters_of = _parameters_of(control_points, image, regularization, frame)
    parameters, tan_parameters = jvp(parameters_of, (theta,), tangents[1:2])
    source = _source(parameters, control_points, image, shape, frame)
    moved = None if tangents[1] is None else tan_parameters
    return _native_warp.tangent(tangents[0], moved, image, source, **options)


def displaced_pixels(field: Array, in_shape: tuple[int, ...], frame: str) -> Array:
    """Where in the input each displaced output pixel comes from, (n, *out_shape, ndim) in pixels."""
    out_shape = tuple(field.shape[1:-1])
    identity = namespace(plain(field)).asarray(identity_to_pixels(in_shape, out_shape, frame))
    return affine_grid(identity, out_shape, frame="pixel") + displacement_to_pixels(field, in_shape, frame)


def warp_field(image: Array, field: Array, frame: str, options: dict[str, Any]) -> Array:
    """Sample an image where the displacements (n, *out_shape, ndim) of the output's pixels point."""
    return grid_sample(
        image, displaced_pixels(field, tuple(image.shape[2:]), frame), frame="pixel", **options
    )


@warp_tps.spec
def _spec(image, theta, control_points, shape, regularization, **options):
    check_control_points(control_points, regularization)
    check_values(theta, control_points)
    return warp_spec(image, theta, control_points.shape[1], shape, options)


@warp_tps.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), None, "corners")


def _sample(rng, spatial, shape, frame):
    points = lattice(rng, len(spatial))
    theta = draw_away_from_kinks(
        lambda: points + rng.uniform(-0.2, 0.2, (2, *points.shape)),
        lambda theta: _pixels(theta, points, in_shape=spatial, shape=shape, regularization=0.1, frame=frame),
    )
    image = rng.standard_normal((2, 2, *spatial))
    options = {"kernel": "linear", "boundary": "reflect", "fill_value": 0.0, "frame": frame}
    return Sample((image, theta, points), {"shape": shape, "regularization": 0.1, **options})
