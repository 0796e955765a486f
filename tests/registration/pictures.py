"""Textures to align, and maps between them."""

import numpy as np
from scipy.ndimage import gaussian_filter

from warpkit.registration._matrix_groups import map_points
from warpkit.transforms import Projective
from warpkit.warping import warp


def texture(shape, seed=0, sigma=2.0):
    """Smooth noise from 0 to 255, as an image of a surface has it: coarse and fine."""
    rng = np.random.default_rng(seed)
    image = sum(
        s * gaussian_filter(rng.standard_normal(shape), s, mode="wrap") for s in (sigma, 3 * sigma, 9 * sigma)
    )
    low, high = image.min(), image.max()
    return (255 * (image - low) / (high - low)).astype(np.float32)


def about_middle(matrix, shape):
    """The homogeneous map with `matrix` that leaves the middle of an image where it is."""
    middle = (np.array(shape[::-1]) - 1) / 2
    full = np.eye(len(shape) + 1)
    full[:-1, :-1] = matrix
    full[:-1, -1] = middle - matrix @ middle
    return full


def turned(degrees, scale=1.0):
    cos, sin = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    return scale * np.array([[cos, -sin], [sin, cos]])


def seen_through(matrix, moving, shape=None):
    """What the fixed image is if `matrix` maps its pixels to those of `moving`, which repeats itself."""
    transform = Projective(matrix[None], frame="pixel")
    return warp(moving, transform, shape or moving.shape, boundary="wrap")


def farthest(transform, matrix, shape):
    """How far the corners of the fixed image are from where `matrix` has them."""
    corners = np.array(list(np.ndindex(*(2,) * len(shape))))[:, ::-1] * (np.array(shape[::-1]) - 1.0)
    return np.linalg.norm(transform(corners)[0] - map_points(matrix, corners), axis=1).max()
