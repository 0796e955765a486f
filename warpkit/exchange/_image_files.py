"""Images in files."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from warpkit.grids import Geometry

from ._image import Image, axes_of
from ._itk_images import image_from_itk, image_to_itk
from ._nibabel import image_from_nibabel, image_to_nibabel
from ._optional import optional
from ._pictures import read_picture, read_tiff, write_png, write_tiff

NIFTI = (".nii", ".nii.gz")
ITK = (".mha", ".mhd", ".nrrd", ".nhdr")
TIFF = (".tif", ".tiff")
PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".ppm", ".pgm")


def read_image(path: str | os.PathLike[str]) -> Image:
    """Read an image, and where its pixels are.

    **Convention.** Axes are ([c,] [z,] y, x): channels, which most files have last, come first. The geometry
    is in LPS, in millimetres, whatever the file has. (So `ndim` of a picture is 2, though its array may have
    three axes.)

    Parameters
    ----------
    path : path
        NIfTI (``.nii``, ``.nii.gz``; through nibabel), MetaImage (``.mha``, ``.mhd``) and NRRD (``.nrrd``,
        ``.nhdr``; through SimpleITK), TIFF (``.tif``, ``.tiff``; through tifffile), or PNG, JPEG, BMP, PPM,
        PGM (through imageio).

    Returns
    -------
    Image
        Of the dtype of the file. The geometry of pictures and TIFF is None. Of a picture, alpha is left out,
        and colours are as they are stored, also where they are transparent; a palette is looked up; of
        several frames the first one is read, and an EXIF rotation is not applied. The pages of a TIFF are an
        axis before y: z, or channels, as the user knows.

    Raises
    ------
    ValueError
        If the suffix is another, or the file is empty, damaged, truncated, or holds what is no such image:
        the message names the file.
    OSError
        If the file cannot be read: it is not there, or not permitted.
    ImportError
        If the library for it is not installed (extra ``files``).

    Examples
    --------
    >>> import tempfile, numpy as np, warpkit as wk
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wk.write_image(f"{folder}/photo.png", np.zeros((3, 20, 30), np.uint8))
    ...     photo = wk.read_image(f"{folder}/photo.png")
    >>> photo.array.shape, photo.geometry
    ((3, 20, 30), None)
    """
    file = Path(path)
    suffix = _suffix(file, NIFTI + ITK + TIFF + PICTURES)
    with file.open("rb") as stream:  # what the system says of a file that cannot be read is best
        if not stream.read(1):
            raise ValueError(f"{file}: expected an image, given an empty file")
    try:
        image = _read(file, suffix)
        if image.array.size == 0:
            raise ValueError("expected at least one pixel")
    except (ImportError, MemoryError):
        raise
    except Exception as error:  # the readers have many ways to say that a file is damaged
        # Of SimpleITK's many lines the last one is the reason.
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(f"{file}: not an image that can be read: {lines[-1]}") from error
    return image


def _read(file: Path, suffix: str) -> Image:
    if suffix in NIFTI:
        return image_from_nibabel(optional("nibabel", "reading NIfTI").load(file))
    if suffix in ITK:
        return image_from_itk(optional("SimpleITK", f"reading {suffix}").ReadImage(str(file)))
    return read_tiff(file) if suffix in TIFF else read_picture(file)


def write_image(path: str | os.PathLike[str], array: np.ndarray, geometry: Geometry | None = None) -> None:
    """Write an image, and where its pixels are.

    **Convention.** Axes are ([c,] [z,] y, x); the geometry is in LPS, in millimetres, and what the file needs
    is made of it.

    Parameters
    ----------
    path : path
        NIfTI (``.nii``, ``.nii.gz``), MetaImage (``.mha``, ``.mhd``), NRRD (``.nrrd``), PNG or TIFF
        (``.tif``, ``.tiff``). A file of that name is replaced.
    array : array
        The pixels; PNG holds uint8, and uint16 or bool of greys. Without a geometry, three axes are a volume
        in NIfTI, MetaImage and NRRD; in PNG and TIFF (3, h, w) is colours, and in TIFF others are pages.
    geometry : Geometry, optional
        Where the pixels are; by default spacings of 1, and the origin at the first one. PNG and TIFF have no
        place for it.

    Raises
    ------
    ValueError
        If the suffix is another, array and geometry do not fit together, the array is empty, the file has no
        such dtype, or no place for a geometry.
    TypeError
        If ITK has no such dtype.
    OSError
        If the file cannot be written.
    ImportError
        If the library for it is not installed (extra ``files``).

    Examples
    --------
    >>> import tempfile, numpy as np, warpkit as wk
    >>> where = wk.Geometry((4, 5, 6), spacing=(1.0, 1.0, 2.5), origin=(-10.0, 20.0, 30.0))
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     wk.write_image(f"{folder}/scan.nii.gz", np.zeros((4, 5, 6), np.float32), where)
    ...     wk.read_image(f"{folder}/scan.nii.gz").geometry == where
    True
    """
    file = Path(path)
    suffix = _suffix(file, (*NIFTI, *ITK[:3], *TIFF, ".png"))
    if suffix in NIFTI:
        image = image_to_nibabel(array, geometry)
        optional("nibabel", "writing NIfTI").save(image, file)
        return
    if suffix in ITK:
        _write_itk(file, array, geometry)
        return
    if geometry is not None:
        raise ValueError(f"{file}: expected a file that has a place for a geometry (NIfTI, MetaImage, NRRD)")
    array, _ = axes_of(array, None)
    write = write_tiff if suffix in TIFF else write_png
    write(file, array)


def _write_itk(file: Path, array: np.ndarray, geometry: Geometry | None) -> None:
    image = image_to_itk(array, geometry)
    try:
        optional("SimpleITK", f"writing {file.suffix}").WriteImage(image, str(file))
    except RuntimeError as error:
        raise OSError(f"{file}: cannot be written: {str(error).strip().splitlines()[-1]}") from error


def _suffix(file: Path, known: tuple[str, ...]) -> str:
    """The suffix of a file, or a ValueError that names those that there are."""
    name = file.name.lower()
    for suffix in known:
        if name.endswith(suffix):
            return suffix
    raise ValueError(f"{file}: expected one of the suffixes {', '.join(known)}")
