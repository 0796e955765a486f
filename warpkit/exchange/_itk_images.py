"""SimpleITK's images."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import wrong_type, wrong_value
from warpkit.grids import Geometry

from ._image import Image, axes_of
from ._optional import optional


def geometry_from_itk(image: Any) -> Geometry:
    """Take over the geometry of an image of SimpleITK.

    **Convention.** ITK's is warpkit's: (x, y[, z]), LPS, in millimetres. The shape is in the opposite order
    of ``image.GetSize()``, that of the array.

    Parameters
    ----------
    image : SimpleITK.Image
        In 2D or 3D.

    Returns
    -------
    Geometry
        Its size, spacing, origin and direction.

    Raises
    ------
    ValueError
        If it has another number of dimensions, or the direction is not orthonormal.
    TypeError
        If it is no image of SimpleITK.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Examples
    --------
    >>> import SimpleITK as sitk, warpkit as wk
    >>> image = sitk.Image((64, 32), sitk.sitkFloat32)
    >>> image.SetSpacing((0.5, 2.0))
    >>> geometry = wk.geometry_from_itk(image)
    >>> geometry.shape, geometry.spacing
    ((32, 64), (0.5, 2.0))
    """
    sitk = optional("SimpleITK", "geometry_from_itk")
    if not isinstance(image, sitk.Image):
        raise wrong_type("image", "an image of SimpleITK", image)
    ndim = image.GetDimension()
    if ndim not in (2, 3):
        raise wrong_value("image", "two or three dimensions", ndim)
    rows = np.array(image.GetDirection()).reshape(ndim, ndim).tolist()
    return Geometry(image.GetSize()[::-1], image.GetSpacing(), image.GetOrigin(), tuple(map(tuple, rows)))


def image_from_itk(image: Any) -> Image:
    """Turn an image of SimpleITK into an array with a geometry.

    **Convention.** The array is ([c,] [z,] y, x): the components of a pixel, which SimpleITK has last, come
    first. The geometry is as of :func:`geometry_from_itk`.

    Parameters
    ----------
    image : SimpleITK.Image
        In 2D or 3D, of numbers or of vectors (colours).

    Returns
    -------
    Image
        A copy of its pixels, in their dtype.

    Raises
    ------
    ValueError
        If it has another number of dimensions.
    TypeError
        If it is no image of SimpleITK.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Examples
    --------
    >>> import SimpleITK as sitk, warpkit as wk
    >>> wk.image_from_itk(sitk.Image((64, 32), sitk.sitkVectorUInt8, 3)).array.shape
    (3, 32, 64)
    """
    geometry = geometry_from_itk(image)
    sitk = optional("SimpleITK", "image_from_itk")
    array = sitk.GetArrayFromImage(image)
    if array.ndim > geometry.ndim:
        array = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    return Image(array, geometry)


def image_to_itk(array: np.ndarray, geometry: Geometry | None = None) -> Any:
    """Turn an array with a geometry into an image of SimpleITK.

    **Convention.** The array is ([c,] [z,] y, x); the geometry is in LPS, as ITK's.

    Parameters
    ----------
    array : array
        The pixels. Booleans become uint8.
    geometry : Geometry, optional
        Of the array's spatial axes; by default spacings of 1 and the origin at the first pixel, and no
        channels unless there are four axes.

    Returns
    -------
    SimpleITK.Image
        Of vectors, if there are channels.

    Raises
    ------
    ValueError
        If array and geometry do not fit together.
    TypeError
        If ITK has no such dtype.
    ImportError
        If SimpleITK is not installed (extra ``files``).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = wk.image_to_itk(np.zeros((32, 64)), wk.Geometry((32, 64), spacing=(0.5, 2.0)))
    >>> image.GetSize(), image.GetSpacing()
    ((64, 32), (0.5, 2.0))
    """
    sitk = optional("SimpleITK", "image_to_itk")
    array, geometry = axes_of(array, geometry)
    channels = array.ndim > geometry.ndim
    array = array.astype(np.uint8) if array.dtype == bool else array
    if channels:
        array = np.moveaxis(array, 0, -1)
    try:
        image = sitk.GetImageFromArray(np.ascontiguousarray(array), isVector=channels)
    except (KeyError, TypeError) as error:
        raise TypeError(f"array: expected a dtype that ITK has, given {array.dtype}") from error
    image.SetSpacing(geometry.spacing)
    image.SetOrigin(geometry.origin)
    image.SetDirection(tuple(np.array(geometry.direction).ravel()))
    return image
