"""How far landmarks end from where they should: what a registration is judged by that did not see them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from warpkit._core import Array, as_array, namespace, wrong_type, wrong_value
from warpkit.grids import Geometry
from warpkit.transforms import WORLD, AbstractTransform


def target_registration_error(
    transform: AbstractTransform,
    fixed_points: Array,
    moving_points: Array,
    *,
    spacing: Sequence[float] | None = None,
) -> Array:
    r"""Return the distance of each landmark in the moving image from where the transform has it.

    **Convention.** Points are (x, y[, z]). The transform leads from points of the fixed image to points of
    the moving one, as a registration's does, and distances are measured in the moving image.

    Parameters
    ----------
    transform : AbstractTransform
        One transform, in the frame "pixel" or "world": ``result.transform`` of a registration.
    fixed_points, moving_points : array, shape (m, ndim)
        The same places in both images, in the frame of the transform. They must not have been used to find
        the transform: how close it comes to points that it was made for says little.
    spacing : sequence of float, optional
        Of the moving image's pixels, as (x, y[, z]), usually in millimetres: then distances are in these
        units and not in pixels. Only in the frame "pixel"; in the world distances have its units.

    Returns
    -------
    array of float64, shape (m,)
        In pixels, in units of the spacing, or in units of the world. NaN for landmarks that are NaN; infinite
        for those beyond the horizon of a homography.

    Raises
    ------
    ValueError, TypeError
        If an argument has a wrong shape or value.

    Notes
    -----
    :math:`e_i = \lVert S\,(T(f_i) - m_i) \rVert`, with the spacing on the diagonal of S.

    References
    ----------
    J. M. Fitzpatrick, J. B. West, "The distribution of target registration error in rigid-body point-based
    registration", IEEE Transactions on Medical Imaging 20 (9), 2001, section II.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> shift = wk.Translation(np.array([[10.0, 0.0]]), frame="pixel")
    >>> fixed_points, moving_points = np.array([[[5.0, 5.0], [20.0, 8.0]], [[15.0, 5.0], [33.0, 12.0]]])
    >>> wk.registration.target_registration_error(shift, fixed_points, moving_points)
    array([0., 5.])
    """
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    if transform.n != 1 or transform.frame not in ("pixel", WORLD):
        given = f'{transform.n} in the frame "{transform.frame}"'
        raise wrong_value("transform", 'one transform in the frame "pixel" or "world"', given)
    fixed, moving = as_array(fixed_points, "fixed_points"), as_array(moving_points, "moving_points")
    if fixed.ndim != 2 or fixed.shape[1] != transform.ndim:
        raise wrong_value("fixed_points", f"shape (m, {transform.ndim})", f"shape {tuple(fixed.shape)}")
    if moving.shape != fixed.shape:
        expected = f"shape {tuple(fixed.shape)}, like fixed_points"
        raise wrong_value("moving_points", expected, f"shape {tuple(moving.shape)}")
    offsets = transform(fixed.astype("float64"))[0] - moving.astype("float64")
    if spacing is not None:
        offsets = offsets * namespace(offsets).asarray(_checked_spacing(spacing, transform))
    return (offsets**2).sum(axis=1) ** 0.5


def relative_target_registration_error(
    transform: AbstractTransform,
    fixed_points: Array,
    moving_points: Array,
    fixed_space: tuple[int, ...] | Geometry,
) -> Array:
    r"""Return the distances of :func:`target_registration_error` in units of the fixed image's diagonal.

    **Convention.** Points are (x, y[, z]); the transform leads from the fixed image to the moving one.

    Parameters
    ----------
    transform : AbstractTransform
        One transform, in the frame "pixel" or "world".
    fixed_points, moving_points : array, shape (m, ndim)
        The same places in both images, in the frame of the transform.
    fixed_space : tuple of int or Geometry
        The fixed image's spatial shape, ([depth,] height, width); its geometry in the frame "world".

    Returns
    -------
    array of float64, shape (m,)
        Without units: 0.01 is a hundredth of the diagonal.

    Raises
    ------
    ValueError, TypeError
        If an argument has a wrong shape or value.

    Notes
    -----
    The diagonal is :math:`\sqrt{w^2 + h^2 [+ d^2]}` for an image of w times h pixels (in the world, each
    length times its spacing). It is that of the fixed image, also called the target or reference, wherever
    the distances themselves are measured: so do the tables do by which the challenge ANHIR was scored.

    References
    ----------
    J. Borovec et al., "ANHIR: automatic non-rigid histological image registration challenge", IEEE
    Transactions on Medical Imaging 39 (10), 2020; and the scoring of its organisers, the package BIRL.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> shift = wk.Translation(np.array([[10.0, 0.0]]), frame="pixel")
    >>> fixed_points, moving_points = np.array([[[5.0, 5.0], [20.0, 8.0]], [[15.0, 5.0], [33.0, 12.0]]])
    >>> wk.registration.relative_target_registration_error(shift, fixed_points, moving_points, (300, 400))
    array([0.  , 0.01])
    """
    errors = target_registration_error(transform, fixed_points, moving_points)
    if isinstance(fixed_space, Geometry) != (transform.frame == WORLD):
        expected = "a Geometry" if transform.frame == WORLD else "a shape"
        raise wrong_type("fixed_space", f'{expected}, as the frame is "{transform.frame}"', fixed_space)
    geometry = fixed_space if isinstance(fixed_space, Geometry) else Geometry(fixed_space)
    if len(geometry.shape) != transform.ndim:
        raise wrong_value("fixed_space", f"{transform.ndim} spatial axes", geometry.shape)
    return errors / float(np.linalg.norm(np.array(geometry.shape[::-1]) * geometry.spacing))


def _checked_spacing(spacing: Sequence[float], transform: AbstractTransform) -> np.ndarray:
    if transform.frame == WORLD:
        raise wrong_value("spacing", 'none in the frame "world", whose units are lengths', spacing)
    lengths = np.asarray(spacing, np.float64)
    if lengths.shape != (transform.ndim,) or not (lengths > 0).all():
        raise wrong_value("spacing", f"{transform.ndim} lengths above 0", spacing)
    return lengths
