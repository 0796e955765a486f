"""The normal equations of Gauss-Newton's method, for registering images."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, NamedTuple

import numpy as np

from warpkit._core import Array, Tracer, as_array, is_array, namespace, plain, wrong_type, wrong_value
from warpkit.autograd import jvp
from warpkit.ops import stack, transpose
from warpkit.transforms import (
    AbstractAffine,
    AbstractTransform,
    Affine,
    FailedEstimate,
    Projective,
    ThinPlateSpline,
)

from ._warp_affine_gram import warp_affine_gram
from ._warp_projective_gram import warp_projective_gram
from ._warp_tps_gram import warp_tps_gram


class NormalEquations(NamedTuple):
    r"""What a step of Gauss-Newton's or Levenberg and Marquardt's method is solved from, in float64.

    With the residual r, its Jacobian J by the p parameters of a transform, and weights W:

    Attributes
    ----------
    matrix : array, shape (n, p, p)
        :math:`J^T W J`: symmetric and positive semi-definite, up to rounding.
    vector : array, shape (n, p)
        :math:`J^T W r`, half the gradient of the cost.
    cost : array, shape (n,)
        :math:`r^T W r`, the weighted sum of squares.
    """

    matrix: Array
    vector: Array
    cost: Array


def warp_normal_equations(
    moving: Array,
    fixed: Array,
    transform: AbstractTransform,
    *,
    weights: Array | None = None,
    kernel: str = "linear",
    boundary: str = "constant",
    fill_value: float = 0.0,
) -> NormalEquations:
    r"""Sum up the normal equations of the least-squares registration of two images, in one pass.

    **Convention.** The residual is that of the warped moving image, :math:`r = V(\theta) - F`, at the points
    of the fixed image, where V is :func:`warp` of `moving`. Parameters are in C order: theta of an
    :class:`Affine`, of a :class:`Projective` and of a :class:`ThinPlateSpline`, as ``theta.reshape(n, -1)``;
    of other affine classes the fields one after the other, such as rotation and translation of a
    :class:`Rigid`.

    Parameters
    ----------
    moving : array, shape (H, W), (C, H, W) or (N, C, H, W)
        The image that is warped; in 3D (D, H, W) and so on. Channels come first: of a photo (H, W, 3) pass
        ``numpy.moveaxis(photo, -1, 0)``. For B-splines, their :func:`spline_coefficients` (of `moving`
        alone). Of a dtype that can be interpolated: integers are
        *not* rounded here.
    fixed : array
        The image it is compared with, of the same layout; its spatial shape is the output's.
    transform : AbstractTransform
        From points of `fixed` to points of `moving`: an affine map of any class, a :class:`Projective`, or a
        :class:`ThinPlateSpline` as it was built. N may be 1 here, in `moving` or in `fixed`. Where only
        `fixed` is a batch, up to 4 items share the pass over the points, each with the bits it has alone.
    weights : array, shape (H, W) or (N, H, W), optional
        Finite numbers of at least 0, one per point of `fixed`; booleans are a mask. 1 by default. What lies
        at a point of weight 0 does not count in the results, be it NaN, and their derivative by that weight
        is 0. (Derivatives by the transform still look at the pixels of `moving` there.)
    kernel, boundary, fill_value : optional
        As of :func:`warp`.

    Returns
    -------
    NormalEquations
        A tuple (matrix, vector, cost). The step of Gauss and Newton solves
        :math:`J^T W J\, \delta = -J^T W r`.

    Raises
    ------
    ValueError
        If shapes do not fit together, `moving` has no pixels, a weight is negative, infinite or NaN, an
        option is unknown, or `transform` is a failed estimate, or a spline with affine maps around it.
    TypeError
        If `transform` is of another class, or a dtype cannot be computed with.

    Notes
    -----
    At an output point p that is mapped to the pixel x of `moving`, and in channel c,

    .. math:: J_{cp,\,i} = \sum_d \frac{\partial V_c}{\partial x_d}(p)\,
       \frac{\partial x_d}{\partial\theta_i}(p), \qquad
       (J^T W J)_{ij} = \sum_{c,\,p} w(p)\, J_{cp,\,i}\, J_{cp,\,j}.

    Compiled, neither the warped image nor J is ever in memory: values, slopes and their products stay in
    tiles of some hundred points, and the sums have the same bits for any number of threads. For a class with
    parameters :math:`\alpha`, whose theta is a function of them, :math:`J_\alpha = J_\theta\,
    \partial\theta / \partial\alpha`. All three results can be differentiated again, as array code.

    Slopes of the linear kernel at pixel centres are the right ones, as in :func:`grid_sample`: under
    "constant" the last pixels have slopes towards `fill_value`, which "border" avoids. Points beyond read
    `fill_value` under "constant", have no slope, and cost what they differ from `fixed`; weigh them by 0 to
    leave them out. (Weights belong to the points of `fixed`: to leave out what is outside `moving`, or in a
    mask of it, warp ones or that mask anew for each step.) A point without an answer (a NaN coordinate, say)
    makes its item NaN. The matrix of a :class:`Projective` is singular, for a multiple of theta is the same
    map: damp it, or use a pseudo-inverse.

    References
    ----------
    S. Baker, I. Matthews, "Lucas-Kanade 20 Years On: A Unifying Framework", International Journal of Computer
    Vision 56 (3), 2004, section 2: the forwards additive algorithm.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> moving, fixed = np.array([[0.0, 0.0, 2.0, 6.0]]), np.array([[0.0, 1.0, 4.0, 6.0]])
    >>> shift = wk.Translation(np.array([[0.25, 0.0]]), frame="pixel")
    >>> mask = np.array([[False, True, True, False]])
    >>> options = {"weights": mask, "boundary": "border"}
    >>> matrix, vector, cost = wk.warp_normal_equations(moving, fixed, shift, **options)
    >>> matrix
    array([[[20., 0.],
            [ 0., 0.]]])
    >>> vector, cost
    (array([[-5., 0.]]), array([1.25]))
    """
    parametrised = _check_transform(transform)
    images = [_batched(image, name, transform.ndim) for image, name in ((moving, "moving"), (fixed, "fixed"))]
    if np.ndim(plain(moving)) != np.ndim(plain(fixed)):
        shapes = [tuple(image.shape) for image in (moving, fixed)]
        raise wrong_value("fixed", f"as many axes as moving of shape {shapes[0]}", f"shape {shapes[1]}")
    weight = _batched_weights(weights, images[1], transform.ndim)
    options = {"kernel": kernel, "boundary": boundary, "fill_value": fill_value, "frame": transform.frame}
    arrays = (*images, weight)
    if isinstance(parametrised, ThinPlateSpline):
        points, regularization = parametrised.control_points, parametrised.regularization
        gram = warp_tps_gram(*arrays, parametrised.theta, points, regularization, **options)
    elif isinstance(parametrised, Projective):
        gram = warp_projective_gram(*arrays, parametrised.theta, **options)
    else:
        gram = warp_affine_gram(*arrays, parametrised.to_affine().theta, **options)
    matrix, vector = gram[:, :-1, :-1], gram[:, :-1, -1]
    if isinstance(parametrised, AbstractAffine) and not isinstance(parametrised, Affine):
        jacobian = _theta_by_fields(parametrised)
        backwards = transpose(jacobian, (0, 2, 1))
        matrix = _product(_product(backwards, matrix), jacobian)
        matrix = (matrix + transpose(matrix, (0, 2, 1))) / 2
        vector = _product(backwards, vector.reshape(*vector.shape, 1))[:, :, 0]
    return NormalEquations(matrix, vector, gram[:, -1, -1])


# ---- checks ------------------------------------------------------------------------------------------------


def _check_transform(transform: Any) -> AbstractAffine | Projective | ThinPlateSpline:
    """A transform whose derivative by its parameters is known."""
    if isinstance(transform, FailedEstimate):
        raise wrong_value("transform", "a transform", f"a failed estimate: {transform.reason}")
    if not isinstance(transform, (AbstractAffine, Projective, ThinPlateSpline)):
        raise wrong_type("transform", "an affine map, a Projective or a ThinPlateSpline", transform)
    if isinstance(transform, ThinPlateSpline) and transform.base is not None:
        expected = "a ThinPlateSpline as it was built"
        given = "one with affine maps around it (`before`, `after`); warp by these first, or take its `base`"
        raise wrong_value("transform", expected, given)
    return transform


def _batched(image: Any, argument: str, ndim: int) -> Array:
    """An image in any of the layouts as (n, c, *spatial)."""
    if not isinstance(image, Tracer):
        image = as_array(image, argument)
    if not ndim <= image.ndim <= ndim + 2:
        spatial = ("(W,)", "(H, W)", "(D, H, W)")[ndim - 1]
        expected = f"spatial axes {spatial}, at most channels and a batch before them, in {ndim}D"
        raise wrong_value(argument, expected, f"shape {tuple(image.shape)}")
    return image.reshape(*(1,) * (ndim + 2 - image.ndim), *image.shape)


def _batched_weights(weights: Any, fixed: Array, ndim: int) -> Array:
    """Weights (n, *out_shape) of the points of a fixed image (n, c, *out_shape); one for all by default."""
    if weights is None:
        return namespace(plain(fixed)).ones((1,) * (ndim + 1))
    if not isinstance(weights, Tracer):
        weights = as_array(weights, "weights")
    shape = tuple(fixed.shape[2:])
    if tuple(weights.shape[-ndim:]) != shape or weights.ndim not in (ndim, ndim + 1):
        listed = ", ".join(map(str, shape))
        raise wrong_value("weights", f"shape ({listed}) or (n, {listed})", f"shape {tuple(weights.shape)}")
    if weights.dtype.kind == "b":
        weights = weights.astype("uint8")
    least, most = plain(weights).min(initial=0), plain(weights).max(initial=0)
    if not (least >= 0 and most < float("inf")):  # so written, NaN fails
        raise wrong_value("weights", "finite numbers of at least 0", float(most if least >= 0 else least))
    return weights.reshape(1, *shape) if weights.ndim == ndim else weights


# ---- the chain rule ----------------------------------------------------------------------------------------


def _theta_by_fields(transform: Any) -> Array:
    """The derivative (n, rows * columns, p) of an affine map's matrix by the fields of its class."""
    names = [field.name for field in fields(transform) if _is_parameter(getattr(transform, field.name))]
    values = [getattr(transform, name) for name in names]

    def theta(*parts: Array) -> Array:
        return replace(transform, **dict(zip(names, parts, strict=True))).to_affine().theta

    columns = []
    for i, value in enumerate(values):
        xp = namespace(plain(value))
        for place in np.ndindex(tuple(value.shape[1:])):
            tangent = xp.zeros(value.shape, value.dtype)
            tangent[(slice(None), *place)] = 1
            tangents = [tangent if j == i else None for j in range(len(values))]
            moved = jvp(theta, values, tangents)[1]
            columns.append(moved.reshape(moved.shape[0], -1).astype("float64"))
    return stack(columns, axis=-1)


def _is_parameter(value: Any) -> bool:
    return isinstance(value, Tracer) or is_array(value)


def _product(a: Array, b: Array) -> Array:
    """The matrix product, summed in order: BLAS may order its sums differently on another machine."""
    out = a[:, :, :1] * b[:, :1]
    for k in range(1, a.shape[2]):
        out = out + a[:, :, k : k + 1] * b[:, k : k + 1]
    return out
