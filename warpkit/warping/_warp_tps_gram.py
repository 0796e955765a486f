"""The Gram matrix of a thin-plate spline warp's residual."""

from __future__ import annotations

from functools import partial

import numpy as np

from warpkit._core import Array, Sample, namespace, op, plain
from warpkit.ops import matmul, reshape
from warpkit.sampling._native_arguments import is_floating
from warpkit.transforms._affine_grid import affine_points
from warpkit.transforms._to_pixels import displacement_to_pixels, identity_to_pixels
from warpkit.transforms._tps_grid import check_values
from warpkit.transforms._tps_system import check_control_points, lattice, spline_features, tps_operator

from ._gram import check_residual, frame_points, gram, sample_of, scale_matrix
from ._native_gram import Sums, find_sums
from ._warp_affine import draw_away_from_kinks
from ._warp_tps import _pixels, _source


@op()
def warp_tps_gram(
    moving: Array,
    fixed: Array,
    weights: Array,
    theta: Array,
    control_points: Array,
    regularization: float = 0.0,
    *,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
    frame: str = "normalized",
) -> Array:
    r"""Inner products of the residual of :func:`warp_tps` and of its derivatives by theta.

    This is the op behind :func:`warp_normal_equations`.

    Parameters
    ----------
    moving, fixed, weights
        As of :func:`warp_affine_gram`.
    theta : array, shape (n, k, ndim)
        As of :func:`warp_tps`. `n` may be 1 in each of the four arrays.
    control_points : array, shape (k, ndim)
        Places in the output.
    regularization, kernel, boundary, fill_value, frame : optional
        As of :func:`warp_tps`.

    Returns
    -------
    array of float64, shape (n, p + 1, p + 1)
        With the p elements of theta in C order: first those of :math:`J^T W J`, last :math:`J^T W r` and
        :math:`r^T W r`.

    Raises
    ------
    ValueError
        If shapes do not fit together, an option is unknown, or the control points are degenerate.
    TypeError
        If the dtype of an image or of the weights cannot be computed with.

    Notes
    -----
    At an output point `p`, with the row :math:`\phi(p)` of the basis functions, 1, and x, y[, z], the matrix
    `M` of :func:`tps_system`, and the input's scales `s` of the frame,

    .. math:: \frac{\partial r}{\partial\theta_{ki}}
       = s_i \frac{\partial V}{\partial x_i}\, (\phi(p)\, M)_k.

    Derivatives are those of the array code, block by block.
    """
    operator = tps_operator(control_points, regularization)
    in_shape, out_shape = tuple(moving.shape[2:]), tuple(fixed.shape[2:])

    def linearized(theta: Array, points: Array) -> tuple[Array, Array]:
        basis = matmul(spline_features(frame_points(points, out_shape, frame), control_points), operator)
        moved = matmul(basis, theta.astype("float64") - control_points.astype("float64"))
        identity = namespace(plain(theta)).asarray(identity_to_pixels(in_shape, out_shape, frame))
        pixels = affine_points(identity, points) + displacement_to_pixels(moved, in_shape, frame)
        _, m, k = basis.shape
        scales = scale_matrix(in_shape, frame, like=theta)[:, None, :]
        jacobian = reshape(basis, (1, m, 1, k, 1)) * scales
        return pixels, reshape(jacobian, (1, m, len(in_shape), k * len(in_shape)))

    return gram(
        moving, fixed, weights, theta, linearized, kernel=kernel, boundary=boundary, fill_value=fill_value
    )


@warp_tps_gram.kernel
def _kernel(moving, fixed, weights, theta, control_points, *, regularization, frame, **options):
    if not (is_floating(theta) and is_floating(control_points)):
        return NotImplemented
    operator = tps_operator(control_points, regularization)
    coefficients = matmul(operator, theta.astype(np.float64) - control_points.astype(np.float64))
    parameters = displacement_to_pixels(coefficients, moving.shape[2:], frame)
    source = _source(parameters, control_points, moving, fixed.shape[2:], frame)
    sums = find_sums(moving, fixed, weights, source, frame, functions=operator, **options)
    return sums if sums is NotImplemented else _by_points(sums).matrix()


def _by_points(sums: Sums) -> Sums:
    """From the order (i, k) to that of theta: (k, i)."""
    return Sums(sums.squares.transpose(0, 2, 1, 4, 3), sums.mixed.transpose(0, 2, 1), sums.cost)


@warp_tps_gram.spec
def _spec(moving, fixed, weights, theta, control_points, regularization, **options):
    check_control_points(control_points, regularization)
    check_values(theta, control_points)
    return check_residual(moving, fixed, weights, theta, control_points.shape[1], **options)


@warp_tps_gram.samples
def _samples(rng):
    yield _sample(rng, (4, 5), (2, 3), "normalized")
    yield _sample(rng, (3, 4, 2), (2, 1, 3), "corners")


def _sample(rng, spatial, out_shape, frame):
    points = lattice(rng, len(spatial))[:: 4 - len(spatial)]  # five in 2D, eight in 3D
    regularized = {"shape": out_shape, "regularization": 0.1, "frame": frame}
    theta = draw_away_from_kinks(
        lambda: points + rng.uniform(-0.2, 0.2, (2, *points.shape)),
        partial(_pixels, control_points=points, in_shape=spatial, **regularized),
        distance=0.005,
    )
    sample = sample_of(rng, theta, spatial, out_shape, frame)
    return Sample((*sample.arrays, points), {"regularization": 0.1, **sample.static})
