"""The Gram matrix of an affine warp's residual."""

from __future__ import annotations

from functools import partial

import numpy as np

from warpkit._core import Array, op
from warpkit.ops import reshape
from warpkit.sampling._native_arguments import is_floating
from warpkit.transforms._affine_grid import affine_points, check_theta, homogeneous
from warpkit.transforms._to_pixels import affine_to_pixels

from ._gram import check_residual, frame_points, gram, sample_of, scale_matrix
from ._native_gram import find_sums
from ._warp_affine import _pixels, _source, draw_away_from_kinks


@op(batch=("moving", "fixed", "weights", "theta"))
def warp_affine_gram(
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
    r"""Inner products of the residual of :func:`warp_affine` and of its derivatives by theta.

    This is the op behind :func:`warp_normal_equations`.

    Parameters
    ----------
    moving : array, shape (n, c, *spatial)
        The image that is warped. Integers are not rounded.
    fixed : array, shape (n, c, *out_shape)
        What the warped image is compared with.
    weights : array, shape (n, *out_shape)
        Of the output's points, non-negative; in place of `out_shape` all lengths may be 1.
    theta : array, shape (n, ndim, ndim + 1)
        As of :func:`warp_affine`. `n` may be 1 in each of the four arrays.
    kernel, boundary, fill_value, frame : optional
        As of :func:`warp_affine`.

    Returns
    -------
    array of float64, shape (n, p + 1, p + 1)
        With the p elements of theta in C order: first those of :math:`J^T W J`, last :math:`J^T W r` and
        :math:`r^T W r`.

    Raises
    ------
    ValueError
        If shapes do not fit together, or an option is unknown.
    TypeError
        If the dtype of an image or of the weights cannot be computed with.

    Notes
    -----
    At an output point `p`, (x, y[, z]) in the frame, with the input's scales `s` of the frame,

    .. math:: \frac{\partial r}{\partial\theta_{ia}} = s_i \frac{\partial V}{\partial x_i}\, (p, 1)_a.

    Derivatives are those of the array code, block by block of the points.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.warping import warp_affine_gram
    >>> moving, fixed = np.array([[[0.0, 1.0, 3.0]]]), np.array([[[0.0, 1.0, 2.0]]])
    >>> theta = np.array([[[1.0, 0.0]]])
    >>> warp_affine_gram(moving, fixed, np.ones((1, 1)), theta, boundary="border", frame="pixel")
    array([[[4., 4., 0.],
            [4., 5., 0.],
            [0., 0., 1.]]])
    """
    linearized = partial(_linearized, in_shape=moving.shape[2:], out_shape=fixed.shape[2:], frame=frame)
    return gram(
        moving, fixed, weights, theta, linearized, kernel=kernel, boundary=boundary, fill_value=fill_value
    )


def _linearized(theta, points, *, in_shape, out_shape, frame):
    pixels = affine_points(affine_to_pixels(theta, in_shape, out_shape, frame), points)
    features = homogeneous(frame_points(points, out_shape, frame))
    ndim = len(in_shape)
    jacobian = scale_matrix(in_shape, frame, like=theta)[:, :, None] * features[:, :, None, None, :]
    return pixels, reshape(jacobian, (*points.shape[:2], ndim, ndim * (ndim + 1)))


@warp_affine_gram.kernel
def _kernel(moving, fixed, weights, theta, *, frame, **options):
    if not is_floating(theta):
        return NotImplemented
    source = _source(theta, moving.shape[2:], fixed.shape[2:], frame)
    sums = find_sums(moving, fixed, weights, source, frame, **options)
    return sums if sums is NotImplemented else sums.matrix()


@warp_affine_gram.spec
def _spec(moving, fixed, weights, theta, **options):
    return check_residual(moving, fixed, weights, theta, check_theta(theta), **options)


@warp_affine_gram.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), (2, 1, 3), "corners")
    yield _sample(rng, (6,), (2,), "pixel")


def _sample(rng, spatial, out_shape, frame):
    ndim = len(spatial)
    theta = draw_away_from_kinks(
        lambda: np.eye(ndim, ndim + 1) + rng.uniform(-0.2, 0.2, (2, ndim, ndim + 1)),
        partial(_pixels, in_shape=spatial, shape=out_shape, frame=frame),
        distance=0.005,
    )
    return sample_of(rng, theta, spatial, out_shape, frame)
