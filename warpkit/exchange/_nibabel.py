"""nibabel's affines and images: NIfTI."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import check_shape, wrong_value
from warpkit.grids import Geometry
from warpkit.grids._geometry import ORTHONORMAL

from ._image import Image, axes_of
from ._matrices import numbers
from ._optional import optional
from ._orientation import flip_places, in_3d

_MILLIMETRES = {"meter": 1e3, "mm": 1.0, "micron": 1e-3, "unknown": 1.0}


def from_nibabel(affine: Any, shape: tuple[int, ...]) -> Geometry:
    """Turn the affine of a NIfTI image into a geometry.

    **Convention.** nibabel's affine leads from voxels (i, j, k), the array's axes in their order, to places
    in RAS: x to the right of the patient, y to the front. A :class:`Geometry` made here is in LPS, as ITK's
    are: x to the left, y to the back. It belongs to the array with its axes in the opposite order,
    ``data.T``, in which i runs along the last axis and is warpkit's x.

    Parameters
    ----------
    affine : array, shape (4, 4)
        ``image.affine``, in millimetres.
    shape : tuple of int
        In nibabel's order: ``image.shape[:3]``, or ``image.shape`` of a 2D image.

    Returns
    -------
    Geometry
        Of ``len(shape)`` dimensions. Its own shape is in the opposite order.

    Raises
    ------
    ValueError
        If the affine shears, which no geometry can hold; if it is singular; or if a 2D image is not in a
        plane of constant z.

    Notes
    -----
    Spacings are the lengths of the matrix's columns, the direction these columns at length 1. Headers that
    name metres or microns are :func:`image_from_nibabel`'s to turn.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> affine = np.diag([-2.0, 2.0, 3.0, 1.0])                      # i runs to the left, j to the front
    >>> affine[:3, 3] = 90.0, -126.0, -72.0
    >>> geometry = wk.from_nibabel(affine, (91, 109, 60))
    >>> geometry.shape, geometry.spacing, geometry.origin
    ((60, 109, 91), (2.0, 2.0, 3.0), (-90.0, 126.0, -72.0))
    >>> geometry.direction
    ((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 1.0))
    """
    shape = check_shape(shape)
    ndim = len(shape)
    if ndim not in (2, 3):
        raise wrong_value("shape", "two or three lengths, without channels", shape)
    matrix = flip_places(numbers("affine", affine, ((4, 4),)))
    columns = matrix[:3, :3]
    lengths = np.sqrt((columns**2).sum(axis=0))
    if not lengths.min() > 0:
        raise wrong_value(
            "affine", "three axes of some length", numbers("affine", affine, ((4, 4),)).tolist()
        )
    direction = columns / lengths
    _check_shears(direction)
    if ndim == 2 and np.abs([*direction[2, :2], *direction[:2, 2]]).max() > ORTHONORMAL:
        expected = "an image in a plane of constant z, in 2D (as a volume of one slice, any)"
        raise wrong_value("affine", expected, f"axes with z components {direction[2, :2].tolist()}")
    own = direction[:ndim, :ndim]
    return Geometry(shape[::-1], tuple(lengths[:ndim]), tuple(matrix[:ndim, 3]), tuple(map(tuple, own)))


def _check_shears(direction: np.ndarray) -> None:
    """Check that axes of length 1, the columns, are perpendicular."""
    cosines = direction.T @ direction - np.eye(3)
    i, j = np.unravel_index(np.abs(cosines).argmax(), (3, 3))
    if abs(cosines[i, j]) > ORTHONORMAL:
        expected = "perpendicular axes, for a geometry cannot shear (resample the image)"
        raise wrong_value("affine", expected, f"a cosine of {cosines[i, j]:.3g} between axes {i} and {j}")


def to_nibabel(geometry: Geometry) -> np.ndarray:
    """Turn a geometry into the affine of a NIfTI image.

    **Convention.** As of :func:`from_nibabel`: from voxels (i, j, k), which are warpkit's x, y and z, to
    places in RAS, in millimetres. The geometry is taken to be in LPS.

    Parameters
    ----------
    geometry : Geometry
        Of two or three dimensions.

    Returns
    -------
    ndarray of float64, shape (4, 4)
        The affine for ``nibabel.Nifti1Image(array.T, affine)``.

    Examples
    --------
    >>> import warpkit as wk
    >>> wk.to_nibabel(wk.Geometry((60, 109, 91), spacing=(2.0, 2.0, 3.0), origin=(-90.0, 126.0, -72.0)))
    array([[  -2.,    0.,    0.,   90.],
           [   0.,   -2.,    0., -126.],
           [   0.,    0.,    3.,  -72.],
           [   0.,    0.,    0.,    1.]])
    """
    return flip_places(in_3d(geometry.matrix))


def image_from_nibabel(image: Any) -> Image:
    """Turn an image of nibabel into an array with a geometry.

    **Convention.** nibabel's axes are (x, y, z, time, channels). The array is ([c,] [z,] y, x), its channels
    being the fourth axis or the fifth, whichever is longer than 1; the geometry is in LPS, in millimetres.

    Parameters
    ----------
    image : nibabel.spatialimages.SpatialImage
        Such as ``nibabel.load(path)``.

    Returns
    -------
    Image
        Its array, with the header's slope and intercept applied (then in float64, else in the dtype of the
        file), and its geometry, from ``image.affine``: nibabel prefers the sform to the qform, and where the
        header has neither, it puts the origin into the middle of the image.

    Raises
    ------
    ValueError
        If the axes are none of these, or the affine shears.

    Examples
    --------
    >>> import nibabel, numpy as np, warpkit as wk
    >>> scan = nibabel.Nifti1Image(np.zeros((4, 3, 2), np.float32), np.eye(4))
    >>> image = wk.image_from_nibabel(scan)
    >>> image.array.shape, image.geometry.direction[0]
    ((2, 3, 4), (-1.0, 0.0, 0.0))
    """
    array = np.asarray(image.dataobj)
    if array.dtype.names:  # colours, as NIfTI has them: a record of R, G, B
        colours = [name for name in array.dtype.names if name != "A"]
        array = np.stack([array[name] for name in colours], axis=-1)
        array = array.reshape(*array.shape[:-1], *(1,) * (4 - array.ndim), array.shape[-1])
    ndim = min(array.ndim, 3)
    channels = tuple(n for n in array.shape[3:] if n > 1)
    if array.ndim < 2 or len(channels) > 1:
        raise wrong_value("image", "axes (x, y[, z]) and at most one of channels", f"shape {array.shape}")
    array = array.reshape(*array.shape[:ndim], *channels).T
    affine = np.array(image.affine, np.float64)
    affine[:3] *= _millimetres(image.header)
    geometry = from_nibabel(affine, array.shape[-ndim:][::-1])
    return Image(np.ascontiguousarray(array, array.dtype.newbyteorder("=")), geometry)


def _millimetres(header: Any) -> float:
    """How long the unit of a header's lengths is."""
    unit = header.get_xyzt_units()[0] if hasattr(header, "get_xyzt_units") else "mm"
    return _MILLIMETRES[unit]


def image_to_nibabel(array: np.ndarray, geometry: Geometry | None = None) -> Any:
    """Turn an array with a geometry into an image of nibabel.

    **Convention.** The array is ([c,] [z,] y, x), the geometry in LPS and in millimetres; there the axes are
    (x, y, z, 1, channels), and the affine leads to RAS.

    Parameters
    ----------
    array : array
        Of a dtype that NIfTI has: integers, float32 or float64. Booleans become uint8.
    geometry : Geometry, optional
        Of the array's spatial axes; by default spacings of 1 and the origin at the first pixel, and no
        channels unless there are four axes.

    Returns
    -------
    nibabel.Nifti1Image
        With sform and qform set to the same. Channels are its fifth axis, before which the others have to
        be: a picture with channels is read again as a volume of one slice.

    Raises
    ------
    ValueError
        If array and geometry do not fit together, or NIfTI has no such dtype.
    ImportError
        If nibabel is not installed (extra ``files``).

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> scan = wk.image_to_nibabel(np.zeros((2, 3, 4), np.float32), wk.Geometry((2, 3, 4), (1.0, 1.0, 5.0)))
    >>> scan.shape, scan.header.get_zooms()
    ((4, 3, 2), (np.float32(1.0), np.float32(1.0), np.float32(5.0)))
    """
    nibabel = optional("nibabel", "an image of nibabel")
    array, geometry = axes_of(array, geometry)
    data = array.T
    if array.ndim > geometry.ndim:
        missing = (1,) * (4 - geometry.ndim)  # up to the fifth axis, NIfTI's for channels
        data = data.reshape(*data.shape[:-1], *missing, data.shape[-1])
    if data.dtype == bool:
        data = data.astype(np.uint8)
    try:
        image = nibabel.Nifti1Image(data, None, dtype=data.dtype)
    except (nibabel.spatialimages.HeaderDataError, ValueError) as error:
        raise wrong_value("array", "a dtype that NIfTI has", array.dtype) from error
    affine = to_nibabel(geometry)
    image.set_qform(affine, code="scanner")
    image.set_sform(affine, code="scanner")
    image.header.set_xyzt_units("mm")
    if array.ndim > geometry.ndim:
        image.header.set_intent("vector")  # else ITK would take it for five-dimensional
    return image
