"""Labelled images in two parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images with their classes: a part to train with, and a part to test with.

    Attributes
    ----------
    name : str
        What it is, for people.
    train_images, test_images : ndarray of float32 (n, 1, height, width)
        From 0, the background, to 1.
    train_labels, test_labels : ndarray of int64 (n,)
        The classes, from 0.
    """

    name: str
    train_images: np.ndarray
    train_labels: np.ndarray
    test_images: np.ndarray
    test_labels: np.ndarray
