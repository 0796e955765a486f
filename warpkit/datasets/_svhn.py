"""SVHN, street view house numbers, in its two formats: single digits, and whole numbers with a box per digit.

Y. Netzer, T. Wang, A. Coates, A. Bissacco, B. Wu, A. Y. Ng, "Reading digits in natural images with
unsupervised feature learning", NIPS workshop 2011.
"""

from __future__ import annotations

import io
import os
import tarfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np

from warpkit._core import check_shape, wrong_value
from warpkit.transforms import Affine
from warpkit.warping import warp

_BOXES_FILE = "digitStruct.mat"
_BOX_FIELDS = ("left", "top", "width", "height")


# ---- single digits -----------------------------------------------------------------------------------------


def read_svhn_digits(path: str | os.PathLike[str]) -> tuple[np.ndarray, np.ndarray]:
    """Read a file of SVHN's cropped format, such as ``train_32x32.mat``.

    Parameters
    ----------
    path : path
        A MATLAB 5 file with ``X``, uint8 (32, 32, 3, n), and ``y``, n labels with 10 for the digit 0.

    Returns
    -------
    images : ndarray of uint8 (n, 3, 32, 32)
        The images. In float32 the largest file's would need 6.5 GB: convert them a batch at a time.
    labels : ndarray of int64 (n,)
        The digit in the middle of each, from 0 to 9; others may be beside it.

    Raises
    ------
    ValueError
        If it is no such file, or damaged: the message names the file.
    OSError
        If the file cannot be read.
    """
    from scipy.io import loadmat  # here, because importing it takes long

    file = Path(path)
    content = io.BytesIO(file.read_bytes())
    try:
        record = loadmat(content)
    except Exception as error:  # the reader has many ways to say that a file is damaged
        raise ValueError(f"{file}: expected a MATLAB 5 file, given what cannot be read: {error}") from error
    if not {"X", "y"} <= record.keys():
        names = sorted(name for name in record if name[0] != "_")
        raise ValueError(f"{file}: expected the variables X and y, given {names}")
    images, labels = record["X"], record["y"].ravel()
    if images.shape[:3] != (32, 32, 3) or images.ndim != 4 or images.dtype != np.uint8:
        given = f"shape {images.shape} of {images.dtype}"
        raise ValueError(f"{file}: X: expected shape (32, 32, 3, n) of uint8, given {given}")
    if len(labels) != images.shape[3]:
        raise ValueError(f"{file}: y: expected {images.shape[3]} labels, as images, given {len(labels)}")
    return np.ascontiguousarray(images.transpose(3, 2, 0, 1)), _digits(labels, f"{file}: y")


def _digits(labels: np.ndarray, where: str) -> np.ndarray:
    """From MATLAB's labels, 1 to 10, to digits."""
    wrong = np.flatnonzero(~np.isin(labels, np.arange(1, 11)))
    if len(wrong):
        raise ValueError(f"{where}: expected labels 1 to 10, given {labels[wrong[0]]} at index {wrong[0]}")
    return labels.astype(np.int64) % 10


# ---- whole numbers -----------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class HouseNumber:
    """A photo of SVHN's full format, with a box for each digit.

    Attributes
    ----------
    name : str
        Of its file.
    image : ndarray of uint8 (3, height, width)
        The photo.
    boxes : ndarray of float64 (digits, 4)
        For each digit (x, y, width, height), in pixels: its first column and row, counted from 0, and its
        extent. (The file counts from 1.) A box may reach out of the image.
    digits : ndarray of int64 (digits,)
        From 0 to 9, from left to right.
    """

    name: str
    image: np.ndarray
    boxes: np.ndarray
    digits: np.ndarray

    def crop(self, shape: tuple[int, int] = (64, 64), extension: float = 0.3) -> np.ndarray:
        """Cut out the number and bring it to a size: the paper's input.

        Parameters
        ----------
        shape : tuple of int
            Height and width of the result. The paper's are 64 by 64 [1]_.
        extension : float
            By how much the rectangle around all boxes is made longer along each axis, half of it at each end,
            as a share of its length: 0.3, as in the work that the paper follows [2]_.

        Returns
        -------
        ndarray of uint8 (3, *shape)
            By :func:`warpkit.warp` with ``antialias=True``: where it shrinks, each pixel is the mean over
            what it covers. Outside the photo its border is repeated.

        Raises
        ------
        ValueError
            If `shape` is not two lengths of at least 1, or `extension` is not above -1.

        References
        ----------
        .. [1] M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS
           2015, section 4.2.
        .. [2] I. J. Goodfellow, Y. Bulatov, J. Ibarz, S. Arnoud, V. Shet, "Multi-digit number recognition
           from street view imagery using deep convolutional neural networks", ICLR 2014, section 5.1.
        """
        if 0 in check_shape(shape, ndim=2):
            raise wrong_value("shape", "two lengths of at least 1", shape)
        if not -1 < extension < np.inf:
            raise wrong_value("extension", "a finite number above -1", extension)
        first = self.boxes[:, :2].min(axis=0)
        length = (self.boxes[:, :2] + self.boxes[:, 2:]).max(axis=0) - first
        corner = first - 0.5 - extension / 2 * length  # of the first pixel; its centre is 0.5 further
        step = (1 + extension) * length / np.array(shape[::-1])
        theta = np.concatenate([np.diag(step), (corner + step / 2)[:, None]], axis=-1)
        transform = Affine(theta[None], frame="pixel")
        cropped: np.ndarray = warp(self.image, transform, shape, boundary="border", antialias=True)
        return cropped


def read_svhn_numbers(path: str | os.PathLike[str]) -> Iterator[HouseNumber]:
    """Go through SVHN's full format, such as ``train.tar.gz``.

    Parameters
    ----------
    path : path
        The archive, or the folder that it unpacks to: ``digitStruct.mat`` and the photos. An archive is
        read twice, the second time while the caller takes the numbers from it; nothing is unpacked to disk.

    Yields
    ------
    HouseNumber
        One for each photo that ``digitStruct.mat`` tells of: from a folder in its order, from an archive in
        the order of the archive.

    Raises
    ------
    ImportError
        If h5py or imageio is not installed.
    FileNotFoundError
        If ``digitStruct.mat``, or a photo that it names, is not there.
    ValueError
        If the archive, ``digitStruct.mat`` or a photo is damaged: the message names it.

    Notes
    -----
    ``digitStruct.mat`` is a MATLAB 7.3 file, which is HDF5. Its struct array is a group with a column of
    references for each of its fields: ``name`` to characters as uint16, ``bbox`` to groups with the columns
    ``left``, ``top``, ``width``, ``height`` and ``label``. A column of one element is the number itself, a
    longer one has a reference to each. It is read as a whole before the first number is there.
    """
    try:  # here, because the generators that need them run only when the first number is asked for
        import h5py  # noqa: F401
        import imageio  # noqa: F401
    except ImportError as error:
        message = 'SVHN\'s full format needs h5py and imageio: pip install "warpkit-diff[svhn]"'
        raise ImportError(message, name=error.name) from error
    place = Path(path)
    return _in_folder(place) if place.is_dir() else _in_archive(place)


def _in_folder(folder: Path) -> Iterator[HouseNumber]:
    file = folder / _BOXES_FILE
    for name, boxes in _read_boxes(file.read_bytes(), str(file)).items():
        yield _number(name, (folder / name).read_bytes(), boxes, str(folder / name))


def _in_archive(archive: Path) -> Iterator[HouseNumber]:
    boxes = None
    for name, content in _members(archive, {_BOXES_FILE}):
        boxes = _read_boxes(content, f"{archive}: {name}")
    if boxes is None:
        raise FileNotFoundError(f"{archive}: there is no {_BOXES_FILE} in it")
    for name, content in _members(archive, set(boxes)):
        yield _number(name, content, boxes.pop(name), f"{archive}: {name}")
    if boxes:
        raise FileNotFoundError(f"{archive}: {len(boxes)} photos are not in it, such as {next(iter(boxes))}")


def _members(archive: Path, names: set[str]) -> Iterator[tuple[str, bytes]]:
    """The files of these names, in any folder of the archive, from its beginning to its end."""
    try:
        with tarfile.open(archive, "r|*") as stream:
            for member in stream:
                name = PurePosixPath(member.name).name
                content = stream.extractfile(member) if name in names else None
                if content is not None:
                    names = names - {name}
                    yield name, content.read()
    except (tarfile.TarError, zlib.error, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise  # of the file system
        raise ValueError(f"{archive}: expected a complete tar archive, given: {error}") from error


def _read_boxes(content: bytes, where: str) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Boxes and digits of each photo."""
    import h5py

    try:
        with h5py.File(h5py.h5f.open_file_image(content)) as file:
            table = file["digitStruct"]
            names = ["".join(map(chr, file[cell][()].ravel())) for cell in table["name"][()].ravel()]
            groups = [file[cell] for cell in table["bbox"][()].ravel()]
            columns = [{field: _column(file, group[field]) for field in group} for group in groups]
            boxes = [np.stack([fields[field] for field in _BOX_FIELDS], axis=-1) for fields in columns]
            labels = [fields["label"] for fields in columns]
    except (OSError, KeyError, ValueError, TypeError) as error:
        expected = "a MATLAB 7.3 file with digitStruct's names and boxes"
        raise ValueError(f"{where}: expected {expected}, given: {error}") from error
    for box in boxes:
        box[:, :2] -= 1  # MATLAB counts from 1
    return {
        name: (box, _digits(label, f"{where}: {name}"))
        for name, box, label in zip(names, boxes, labels, strict=True)
    }


def _column(file: Any, data: Any) -> np.ndarray:
    """The numbers (k,) of a column, which are behind references where there are several."""
    cells = data[()].ravel()
    if data.dtype.kind == "O":
        cells = np.array([file[cell][()].item() for cell in cells])
    return cells.astype(np.float64)


def _number(name: str, content: bytes, boxes: tuple[np.ndarray, np.ndarray], where: str) -> HouseNumber:
    from imageio.v3 import imread

    try:
        image = imread(content, extension=".png", mode="RGB")
    except Exception as error:  # the readers have many ways to say that a file is damaged
        raise ValueError(f"{where}: expected a PNG image, given what cannot be read: {error}") from error
    return HouseNumber(name, np.ascontiguousarray(image.transpose(2, 0, 1)), *boxes)
