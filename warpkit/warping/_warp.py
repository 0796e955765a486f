"""One function that warps an image by any transform."""

from __future__ import annotations

from typing import Any

from warpkit._core import Array, ArraySpec, Tracer, as_array, check_shape, plain, wrong_type, wrong_value
from warpkit.ops import moveaxis
from warpkit.sampling import grid_sample
from warpkit.transforms import (
    WORLD,
    AbstractAffine,
    AbstractTransform,
    Composed,
    Diffeomorphism,
    Displacement,
    FailedEstimate,
    Projective,
    ThinPlateSpline,
)

from ._footprint_sample import check_averageable, footprint_sample, sample_counts
from ._footprints import footprints, in_pixels
from ._warp_affine import warp_affine
from ._warp_projective import warp_projective
from ._warp_tps import warp_field, warp_tps


def warp(
    image: Array,
    transform: AbstractTransform,
    shape: tuple[int, ...] | None = None,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    antialias: bool = False,
    channel_axis: int | None = None,
) -> Array:
    r"""Warp an image, or a batch of images, by a transform, or a batch of transforms.

    **Convention.** The transform maps output coordinates to input coordinates, (x, y[, z]), in its own frame:
    the output at `p` is the image at :math:`T(p)`.

    **Photos with their channels last need** ``channel_axis=-1``. Nothing in a shape (H, W, 3) tells that it
    is one: without `channel_axis` it is read as (C, H, W), H channels of W x 3 pixels, without an error.

    Parameters
    ----------
    image : array, shape (H, W), (C, H, W) or (N, C, H, W)
        In 3D (D, H, W), (C, D, H, W) or (N, C, D, H, W); the transform says which. A :class:`Variable`, too.
        Where derivatives are wanted, floating: integers are rounded, and end the tape. Convert a uint8 photo
        first, as in ``photo.astype("float32")``.
    transform : AbstractTransform
        Any transform, its fields Variables where derivatives are wanted. Its batch is 1, that of the image,
        or, where the image's is 1 or the image has none, any.
    shape : tuple of int, optional
        Spatial shape of the output; by default that of the image, or, where the output's points are
        displaced by a :class:`Displacement` first, that of its field.
    kernel, boundary, fill_value : optional
        As of :func:`grid_sample`.
    antialias : bool
        Whether an output pixel, where the transform shrinks the image, is the mean over its footprint, the
        part of the image that it covers, and not what lies at its centre: :func:`footprint_sample`. If the
        transform shrinks nowhere, not a bit changes. Labels cannot be averaged.
    channel_axis : int, optional
        Where the channels are, if not as above: -1 for (H, W, C) or (N, H, W, C).

    Returns
    -------
    array
        Of the image's layout and dtype, with the spatial shape `shape`. Where the image has no batch axis and
        the transform is a batch of n, not 1, a leading axis of n is added.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If `transform` is no transform, or the image's dtype cannot be interpolated.

    Notes
    -----
    The frame is folded into the parameters, and coordinates are pixels from there on, in float64: the
    identity of every class reproduces the image bit for bit in every frame. Matrices go through
    :func:`warp_affine` and :func:`warp_projective`, splines through :func:`warp_tps`; a composition is
    evaluated point by point.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> photo = np.arange(6.0).reshape(1, 2, 3)  # channels last: (H, W, C)
    >>> wk.warp(photo, wk.Translation(np.array([[1.0, 0.0]]), frame="pixel"), channel_axis=-1)
    array([[[3., 4., 5.],
            [0., 0., 0.]]])
    """
    if isinstance(transform, FailedEstimate):
        raise wrong_value("transform", "a transform", f"a failed estimate: {transform.reason}")
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    if transform.frame == WORLD:
        expected = 'one of pixels: transform.to_frame("pixel", in_space, out_space) with the geometries'
        raise wrong_value("transform", expected, 'the frame "world"')
    if not isinstance(image, Tracer):
        image = as_array(image, "image")
    ndim = transform.ndim
    batched = _check_layout(image, ndim, channel_axis)
    stacked = image
    if channel_axis is not None:
        stacked = moveaxis(stacked, channel_axis, 1 if batched else 0)
    missing = ndim + 2 - stacked.ndim
    stacked = stacked.reshape(*(1,) * missing, *stacked.shape)
    if shape is None:
        shape = _own_shape(transform) or tuple(stacked.shape[2:])
    n = stacked.shape[0]
    if n != transform.n and 1 not in (n, transform.n):
        raise wrong_value(
            "transform", f"a batch of {n}, that of the image, or of 1", f"a batch of {transform.n}"
        )
    options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value}
    sample = _average if antialias else _dispatch
    out = sample(stacked, transform, check_shape(shape, ndim=ndim), options)
    if missing == 2:
        out = out[:, 0]
    if not batched and transform.n == 1:
        out = out[0]
    if channel_axis is not None:
        out = moveaxis(out, out.ndim - ndim - 1, _channel_position(channel_axis, image.ndim, out.ndim))
    return out


def _own_shape(transform: AbstractTransform) -> tuple[int, ...] | None:
    """The spatial shape of the output that a transform was made for, if any."""
    if isinstance(transform, Composed):
        return _own_shape(transform.transforms[-1])
    return transform.shape if isinstance(transform, (Displacement, Diffeomorphism)) else None


def _check_layout(image: Array, ndim: int, channel_axis: int | None) -> bool:
    """Check that the image has the axes it needs; return whether it has a batch axis."""
    least = ndim if channel_axis is None else ndim + 1
    if not least <= image.ndim <= ndim + 2:
        spatial = ("(W,)", "(H, W)", "(D, H, W)")[ndim - 1]
        channels = "" if channel_axis is None else f" and channels at axis {channel_axis}"
        expected = f"spatial axes {spatial}{channels}, at most channels and a batch besides, in {ndim}D"
        raise wrong_value("image", expected, f"shape {tuple(image.shape)}")
    if channel_axis is not None and not -image.ndim <= channel_axis < image.ndim:
        raise wrong_value("channel_axis", f"an axis of an image of shape {tuple(image.shape)}", channel_axis)
    return bool(image.ndim == ndim + 2)


def _channel_position(channel_axis: int, ndim_in: int, ndim_out: int) -> int:
    """Where the channels belong in the output, which may have a batch axis more in front."""
    return channel_axis % ndim_in + (ndim_out - ndim_in)


def _average(
    image: Array, transform: AbstractTransform, shape: tuple[int, ...], options: dict[str, Any]
) -> Array:
    """Warp (n, c, *spatial) without aliasing."""
    check_averageable(ArraySpec.of(image))
    pixels = in_pixels(transform, tuple(image.shape[2:]), shape)
    jacobian = footprints(pixels, shape)
    if not (sample_counts(plain(jacobian)) > 1).any():
        return _dispatch(image, transform, shape, options)
    return footprint_sample(image, pixels.grid(shape), jacobian, **options)


def _dispatch(
    image: Array, transform: AbstractTransform, shape: tuple[int, ...], options: dict[str, Any]
) -> Array:
    """Warp (n, c, *spatial) by the op that fits."""
    frame = transform.frame
    if isinstance(transform, AbstractAffine):
        return warp_affine(image, transform.to_affine().theta, shape, frame=frame, **options)
    if isinstance(transform, Projective):
        return warp_projective(image, transform.theta, shape, frame=frame, **options)
    if isinstance(transform, Diffeomorphism):
        transform = transform.displacement()
    if isinstance(transform, Displacement):
        return warp_field(image, transform.resampled(shape).field, frame, options)
    if isinstance(transform, ThinPlateSpline) and transform.base is None:
        points, regularization = transform.control_points, transform.regularization
        return warp_tps(image, transform.theta, points, shape, regularization, frame=frame, **options)
    pixels = transform.to_frame("pixel", tuple(image.shape[2:]), shape)
    return grid_sample(image, pixels.grid(shape), frame="pixel", **options)
