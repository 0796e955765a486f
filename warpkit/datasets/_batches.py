"""Going through a data set in pieces."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from warpkit._core import wrong_value


def batches(
    images: np.ndarray, labels: np.ndarray, batch_size: int, rng: np.random.Generator | None = None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Go through images and labels once, in batches.

    Parameters
    ----------
    images : array (n, ...)
        The images.
    labels : array (n,)
        One label per image.
    batch_size : int
        At least 1. The last batch holds what remains, so it may be smaller.
    rng : numpy.random.Generator, optional
        Shuffles; without it the order is kept.

    Yields
    ------
    images, labels : arrays (batch_size, ...) and (batch_size,)
        Each image once, with its own label.

    Raises
    ------
    ValueError
        If there are not as many labels as images, or `batch_size` is below 1.

    Examples
    --------
    >>> import numpy as np
    >>> from warpkit.datasets import batches
    >>> [labels.tolist() for _, labels in batches(np.zeros((5, 1, 2, 2)), np.arange(5), 2)]
    [[0, 1], [2, 3], [4]]
    """
    if len(images) != len(labels):
        raise wrong_value("labels", f"{len(images)}, one per image", len(labels))
    if batch_size < 1:
        raise wrong_value("batch_size", "a number of at least 1", batch_size)
    return _batches(images, labels, batch_size, rng)


def _batches(
    images: np.ndarray, labels: np.ndarray, batch_size: int, rng: np.random.Generator | None
) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    order = np.arange(len(images)) if rng is None else rng.permutation(len(images))
    for start in range(0, len(order), batch_size):
        chosen = order[start : start + batch_size]
        yield images[chosen], labels[chosen]
