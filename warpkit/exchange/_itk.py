"""SimpleITK's transforms."""

from __future__ import annotations

from functools import reduce
from typing import Any

import numpy as np

from warpkit._core import to_numpy, wrong_type, wrong_value
from warpkit.grids import Geometry, identity_grid
from warpkit.transforms import AbstractAffine, AbstractTransform, Displacement

from ._itk_parameters import ITKParameters, from_parameters, to_parameters
from ._optional import optional


def from_itk(transform: Any) -> AbstractTransform:
    """Turn a transform of SimpleITK into one of warpkit.

    **Convention.** ITK's transforms are maps of places in the world, (x, y[, z]) in millimetres, LPS, from
    the fixed to the moving image; so is the result, in the frame "world". For warping it needs the geometries
    of the two images: ``.to_frame("pixel", moving_geometry, fixed_geometry)``.

    Parameters
    ----------
    transform : SimpleITK.Transform
        Translation, Euler (2D and 3D), Versor, VersorRigid3D, Similarity (2D and 3D), Scale, Affine, an
        identity, or a composite of these. For any other, a displacement field or a B-spline,
        :func:`displacement_from_itk`.

    Returns
    -------
    Translation, Rigid, Similarity or Affine
        The class that ITK's names, with its centre; of a composite the simplest class that holds it.

    Raises
    ------
    ValueError
        If it is of another kind, or a composite of none.
    TypeError
        If it is no transform of SimpleITK.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Notes
    -----
    A composite applies what was added last first, as :class:`Composed` does.

    Examples
    --------
    >>> import SimpleITK as sitk, warpkit as wk
    >>> turn = sitk.Euler2DTransform((10.0, 20.0), 0.5, (1.0, 2.0))
    >>> rigid = wk.from_itk(turn)
    >>> rigid.rotation, rigid.translation, rigid.centre, rigid.frame
    (array([0.5]), array([[1., 2.]]), (10.0, 20.0), 'world')
    """
    sitk = optional("SimpleITK", "from_itk")
    if not isinstance(transform, sitk.Transform):
        raise wrong_type("transform", "a transform of SimpleITK", transform)
    transform = transform.Downcast()
    if isinstance(transform, sitk.CompositeTransform):
        parts = [from_itk(transform.GetNthTransform(i)) for i in range(transform.GetNumberOfTransforms())]
        if not parts:
            raise wrong_value("transform", "at least one transform", "a composite of none")
        return reduce(lambda outer, inner: outer @ inner, parts)
    identity = transform.GetTransformEnum() == sitk.sitkIdentity
    name = "IdentityTransform" if identity else transform.GetName()
    fixed = transform.GetFixedParameters()
    try:
        return from_parameters(
            ITKParameters(
                name, transform.GetDimension(), transform.GetParameters(), () if identity else fixed
            )
        )
    except ValueError as error:
        raise ValueError(f"{error}; displacement_from_itk takes any") from error


def to_itk(transform: AbstractAffine) -> Any:
    """Turn a transform into one of SimpleITK.

    **Convention.** As of :func:`from_itk`: a map of places in the world, from the fixed to the moving image,
    which is what ``SimpleITK.Resample(moving, fixed, transform)`` takes.

    Parameters
    ----------
    transform : Affine or simpler
        One affine map in 2D or 3D, in the frame "world". Any other transform:
        :func:`displacement_to_itk`.

    Returns
    -------
    SimpleITK.Transform
        TranslationTransform, Euler2DTransform or VersorRigid3DTransform, Similarity2DTransform or
        Similarity3DTransform, or AffineTransform, by the class; in double precision.

    Raises
    ------
    ValueError
        If the frame is not "world", the batch is not 1, or there is one dimension.
    TypeError
        If it is no affine map.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Notes
    -----
    A versor is three of a unit quaternion's four numbers: within 1e-8 radian of a half turn ITK rounds the
    angle to about 1e-8.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> move = wk.Translation(np.array([[5.0, 0.0, 0.0]]), frame="world")
    >>> wk.to_itk(move).TransformPoint((1.0, 1.0, 1.0))
    (6.0, 1.0, 1.0)
    """
    sitk = optional("SimpleITK", "to_itk")
    given = to_parameters(transform)
    kind = getattr(sitk, given.name)
    made = kind(given.ndim) if given.name in ("TranslationTransform", "AffineTransform") else kind()
    made.SetFixedParameters(given.fixed)
    made.SetParameters(given.parameters)
    return made


def displacement_from_itk(transform: Any, in_space: Geometry, out_space: Geometry) -> Displacement:
    r"""Turn any transform of SimpleITK into a displacement of each output pixel.

    **Convention.** The transform is a map of places, from the fixed (output) to the moving (input) image, as
    of :func:`from_itk`. The result is in pixels, (x, y[, z]), from the output's to the input's.

    Parameters
    ----------
    transform : SimpleITK.Transform
        A DisplacementFieldTransform, BSplineTransform, a composite of anything.
    in_space, out_space : Geometry
        Those of the moving and of the fixed image. Where `out_space` is the field's own, nothing is
        interpolated.

    Returns
    -------
    Displacement
        In the frame "pixel" and in float64.

    Raises
    ------
    ValueError
        If dimensions differ.
    TypeError
        If it is no transform of SimpleITK.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Notes
    -----
    Of a field of displacements :math:`u` and matrices :math:`M` from pixels to places,
    :math:`M_{in}^{-1} (M_{out}\, p + u(p)) - p`. Outside its grid ITK does not move a place; warpkit goes on
    as at the border.

    Examples
    --------
    >>> import SimpleITK as sitk, warpkit as wk
    >>> space = wk.Geometry((4, 5), spacing=(2.0, 2.0))
    >>> wk.displacement_from_itk(sitk.TranslationTransform(2, (1.0, 0.0)), space, space).field[0, 0, 0]
    array([0.5, 0. ])
    """
    sitk = optional("SimpleITK", "displacement_from_itk")
    if not isinstance(transform, sitk.Transform):
        raise wrong_type("transform", "a transform of SimpleITK", transform)
    ndim = transform.GetDimension()
    _check_spaces(ndim, in_space, out_space)
    direction = tuple(np.array(out_space.direction).ravel())
    where = out_space.shape[::-1], out_space.origin, out_space.spacing, direction
    sampled = sitk.TransformToDisplacementField(transform, sitk.sitkVectorFloat64, *where)
    pixels = identity_grid(out_space.shape, "pixel")
    places = _apply(out_space.matrix, pixels) + sitk.GetArrayFromImage(sampled)
    return Displacement(_apply(np.linalg.inv(in_space.matrix), places) - pixels, frame="pixel")


def displacement_to_itk(transform: AbstractTransform, in_space: Geometry, out_space: Geometry) -> Any:
    """Turn any transform into a displacement field of SimpleITK.

    **Convention.** As of :func:`displacement_from_itk`: from the output (fixed) to the input (moving) image.

    Parameters
    ----------
    transform : AbstractTransform
        One map of any class, in any frame.
    in_space, out_space : Geometry
        Those of the moving and of the fixed image; the field is given at the latter's pixels.

    Returns
    -------
    SimpleITK.DisplacementFieldTransform
        With displacements in millimetres.

    Raises
    ------
    ValueError
        If dimensions differ, the batch is not 1, or a point is mapped to nowhere.
    TypeError
        If it is no transform.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> space = wk.Geometry((4, 5), spacing=(2.0, 2.0))
    >>> field = wk.Displacement(np.full((1, 4, 5, 2), 0.5), frame="pixel")
    >>> wk.displacement_to_itk(field, space, space).TransformPoint((2.0, 2.0))
    (3.0, 3.0)
    """
    sitk = optional("SimpleITK", "displacement_to_itk")
    if not isinstance(transform, AbstractTransform):
        raise wrong_type("transform", "a transform", transform)
    _check_spaces(transform.ndim, in_space, out_space)
    if transform.n != 1:
        raise wrong_value("transform", "one map, a batch of 1", f"a batch of {transform.n}")
    mapped = to_numpy(transform.to_frame("pixel", in_space, out_space).grid(out_space.shape)).astype(
        np.float64
    )
    if not np.isfinite(mapped).all():
        raise wrong_value("transform", "a place for every pixel", "one that has none for some")
    places = _apply(out_space.matrix, identity_grid(out_space.shape, "pixel"))
    field = _apply(in_space.matrix, mapped)[0] - places[0]
    image = sitk.GetImageFromArray(np.ascontiguousarray(field), isVector=True)
    image.SetSpacing(out_space.spacing)
    image.SetOrigin(out_space.origin)
    image.SetDirection(tuple(np.array(out_space.direction).ravel()))
    return sitk.DisplacementFieldTransform(image)


def _check_spaces(ndim: int, in_space: Geometry, out_space: Geometry) -> None:
    for name, space in (("in_space", in_space), ("out_space", out_space)):
        if not isinstance(space, Geometry):
            raise wrong_type(name, "a Geometry", space)
        if space.ndim != ndim:
            raise wrong_value(name, f"{ndim} dimensions, as of the transform", space.ndim)


def _apply(matrix: np.ndarray, points: np.ndarray) -> np.ndarray:
    return points @ matrix[:-1, :-1].T + matrix[:-1, -1]
