"""scikit-learn's handwritten digits."""

from __future__ import annotations

import numpy as np

from warpkit._core import check_shape
from warpkit.warping import warp_affine

from ._dataset import Dataset

_INNER = 20 / 28  # share of a side that the digit fills: MNIST's digits fill 20 of 28 pixels


def load_digits(shape: tuple[int, int] = (28, 28)) -> Dataset:
    """Load scikit-learn's 1797 handwritten digits, enlarged to images like MNIST's.

    They come with scikit-learn: nothing is downloaded.

    Parameters
    ----------
    shape : tuple of int
        Height and width of the images. The digit, of 8 by 8 pixels originally, fills 20/28 of each, in the
        middle, as in MNIST; so it can be turned without losing its corners.

    Returns
    -------
    Dataset
        1347 images to train with and 450 to test with, the same ones in every call: of the images in the
        order of their classes every fourth, so that each class has its share in both parts.

    Raises
    ------
    ImportError
        If scikit-learn is not installed.
    ValueError
        If `shape` is not two lengths.

    Notes
    -----
    Enlarged by :func:`warpkit.warp_affine`, linearly, with a border of zeros.

    References
    ----------
    E. Alpaydin, C. Kaynak, "Optical recognition of handwritten digits", UCI machine learning repository,
    1998: the 1797 test images, by 13 writers, values 0 to 16.
    """
    check_shape(shape, ndim=2)
    try:
        from sklearn import datasets
    except ImportError as error:
        message = 'scikit-learn\'s digits need scikit-learn: pip install "warpkit-diff[demo]"'
        raise ImportError(message, name="sklearn") from error
    bunch = datasets.load_digits()
    images = (bunch.images / 16).astype(np.float32)[:, None]
    theta = np.eye(2, 3)[None] / _INNER
    images = warp_affine(images, theta, shape).clip(0, 1)
    labels = bunch.target.astype(np.int64)
    order = np.argsort(labels, kind="stable")
    test = np.zeros(len(labels), bool)
    test[order[::4]] = True
    return Dataset("scikit-learn's digits", images[~test], labels[~test], images[test], labels[test])
