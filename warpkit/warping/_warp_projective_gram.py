"""The Gram matrix of a projective warp's residual."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, op, plain
from warpkit.grids import frame_scales
from warpkit.ops import broadcast_to, concatenate, reshape, where
from warpkit.sampling._native_arguments import is_floating
from warpkit.transforms._affine_grid import affine_points, homogeneous
from warpkit.transforms._projective_grid import (
    check_homography,
    divide_out,
    origin_sign,
    with_positive_origin,
)
from warpkit.transforms._to_pixels import projective_to_pixels

from ._gram import check_residual, frame_points, gram, sample_of, scale_matrix
from ._native_gram import find_sums
from ._warp_affine import draw_away_from_kinks
from ._warp_projective import _parameters_of, _pixels, _source


@op(batch=("moving", "fixed", "weights", "theta"))
def warp_projective_gram(
    moving: Array,
    fixed: Array,
    weights: Array,
    theta: Array,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Inner products of the residual of :func:`warp_projective` and of its derivatives by theta.

    This is the op behind :func:`warp_normal_equations`.

    Parameters
    ----------
    moving, fixed, weights
        As of :func:`warp_affine_gram`.
    theta : array, shape (n, ndim + 1, ndim + 1)
        As of :func:`warp_projective`. `n` may be 1 in each of the four arrays.
    kernel, boundary, fill_value, frame : optional
        As of :func:`warp_projective`.

    Returns
    -------
    array of float64, shape (n, p + 1, p + 1)
        With the p elements of theta in C order: first those of :math:`J^T W J`, last :math:`J^T W r` and
        :math:`r^T W r`. Since a multiple of theta is the same map, :math:`J\,\theta = 0`.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If the dtype of an image or of the weights cannot be computed with.

    Notes
    -----
    At an output point `p`, with :math:`(h, w) = \theta\,(p, 1)`, :math:`q = h / w`, and the input's scales
    `s` of the frame,

    .. math:: \frac{\partial r}{\partial\theta_{ia}}
       = \frac{s_i}{w} \frac{\partial V}{\partial x_i}\, (p, 1)_a, \qquad
       \frac{\partial r}{\partial\theta_{wa}}
       = -\sum_i \frac{s_i q_i}{w} \frac{\partial V}{\partial x_i}\, (p, 1)_a,

    and zero where :math:`w \le 0`: infinitely far. Derivatives are those of the array code, block by block.
    """
    linearized = partial(_linearized, in_shape=moving.shape[2:], out_shape=fixed.shape[2:], frame=frame)
    return gram(
        moving, fixed, weights, theta, linearized, kernel=kernel, boundary=boundary, fill_value=fill_value
    )


def _linearized(theta, points, *, in_shape, out_shape, frame):
    ndim = len(in_shape)
    matrix = projective_to_pixels(with_positive_origin(theta), in_shape, out_shape, frame)
    mapped = affine_points(matrix, points)
    pixels, w = divide_out(mapped), mapped[..., -1:]
    far = plain(w) <= 0
    inverse: Any = where(far, 0.0, 1.0 / where(far, 1.0, w))
    offsets = namespace(plain(theta)).asarray(frame_scales(in_shape, frame)[1])
    places = where(far, 0.0, pixels) - offsets
    scales = broadcast_to(scale_matrix(in_shape, frame, like=theta), (*places.shape, ndim))
    rows = concatenate(scales, -reshape(places, (*places.shape, 1)), axis=-1)
    rows = rows * reshape(inverse, (*inverse.shape, 1))
    features = homogeneous(frame_points(points, out_shape, frame))[:, :, None, None, :]
    sign = origin_sign(theta).astype("float64").reshape(-1, 1, 1, 1, 1)
    jacobian = reshape(rows, (*rows.shape, 1)) * (features * sign)
    return pixels, reshape(jacobian, (*jacobian.shape[:3], (ndim + 1) ** 2))


@warp_projective_gram.kernel
def _kernel(moving, fixed, weights, theta, *, frame, **options):
    if not is_floating(theta):
        return NotImplemented
    out_shape = fixed.shape[2:]
    source = _source(_parameters_of(moving, out_shape, frame)(theta), moving, out_shape)
    sums = find_sums(moving, fixed, weights, source, frame, **options)
    if sums is NotImplemented:
        return NotImplemented
    out = sums.matrix()
    sign = origin_sign(theta).astype(np.float64)  # J has that of theta, and J^T J has none
    out[:, :-1, -1:] *= sign
    out[:, -1:, :-1] *= sign
    return out


@warp_projective_gram.spec
def _spec(moving, fixed, weights, theta, **options):
    return check_residual(moving, fixed, weights, theta, check_homography(theta), **options)


@warp_projective_gram.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), (2, 1, 3), "corners")


def _sample(rng, spatial, out_shape, frame):
    ndim = len(spatial)
    theta = draw_away_from_kinks(
        lambda: np.eye(ndim + 1) + rng.uniform(-0.1, 0.1, (2, ndim + 1, ndim + 1)),
        partial(_pixels, in_shape=spatial, shape=out_shape, frame=frame),
        distance=0.005,
    )
    return sample_of(rng, theta, spatial, out_shape, frame)
