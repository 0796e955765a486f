r"""Starts from features: SIFT keypoints that look alike, and the map that most of them agree on.

Keypoints look alike under rotation and change of scale, but less so the more a plane is tilted away. So,
where the images as they are do not do, the fixed one is also squeezed along many directions, as a tilt would:
J.-M. Morel, G. Yu, "ASIFT: a new framework for fully affine invariant image comparison", SIAM Journal on
Imaging Sciences 2 (2), 2009, section 3.1. By t along a direction, blurred along it first by :math:`0.8
\sqrt{t^2 - 1}` pixels.

scikit-image finds keypoints and matches them; the draws of samples of them are always the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit.transforms import Affine, FailedEstimate
from warpkit.warping import warp

from ._matches import from_matches
from ._pyramid import in_blocks

LONGEST = 800  # pixels: larger images are made smaller first
FULL = 1600
TILTS = (2**0.5, 2.0, 2 * 2**0.5)
DEGREES = 72.0  # between directions, divided by the tilt
RATIO = 0.8  # of the distances of the best match and the second best (D. G. Lowe, 2004)
LEAST_MATCHES = 8
LEAST_SIDE = 32  # pixels: smaller images have no keypoints
MOST = 6000  # keypoints: every one is compared with every one
SEED = 0
FAR = 3.0  # pixels of the images as they were made smaller: a match farther off is none


@dataclass(frozen=True, eq=False)
class Keypoints:
    """Where they are (m, 2), as (x, y) in pixels of the whole image; and what they look like (m, 128)."""

    points: np.ndarray
    descriptors: np.ndarray


def feature_start(
    fixed: np.ndarray, moving: np.ndarray, group: str, *, longest: int = LONGEST, tilted: bool = False
) -> np.ndarray | None:
    """The map (3, 3) from pixels of `fixed` to those of `moving` that most matches agree on.

    Images are grey (height, width). None if there are too few matches, or scikit-image is not installed.
    """
    if min(*fixed.shape, *moving.shape) < LEAST_SIDE:
        return None
    blocks = [
        min(-(-max(image.shape) // longest), min(image.shape) // LEAST_SIDE) for image in (fixed, moving)
    ]
    small = [
        in_blocks(image, length).astype(np.float32)
        for image, length in zip((fixed, moving), blocks, strict=True)
    ]
    try:
        theirs = find_keypoints(small[1])
    except ImportError:
        return None
    views = _views(small[0]) if tilted else iter([find_keypoints(small[0])])
    pairs = [_matches(own, theirs) for own in views]
    src, dst = (np.concatenate(part) for part in zip(*pairs, strict=True))
    _, distinct = np.unique(np.round(np.hstack([src, dst]) / 2), axis=0, return_index=True)
    if len(distinct) < LEAST_MATCHES:
        return None
    # A block of n pixels has its centre at (n - 1) / 2.
    src, dst = (points[distinct] * n + (n - 1) / 2 for points, n in zip((src, dst), blocks, strict=True))
    found = from_matches(src, dst, group, threshold=FAR * max(blocks), rng=SEED)
    if isinstance(found, FailedEstimate):
        return None
    return np.asarray(found.transform.to_projective().theta[0], np.float64)


def find_keypoints(image: np.ndarray) -> Keypoints:
    """Of an image (height, width) of any range of values."""
    from skimage import feature

    nothing = Keypoints(np.zeros((0, 2)), np.zeros((0, 128), np.uint8))
    if min(image.shape) < LEAST_SIDE or not image.max() > image.min():
        return nothing
    low, high = float(image.min()), float(image.max())
    detector: Any = feature.SIFT(upsampling=1)
    try:
        detector.detect_and_extract((image - low) / (high - low))
    except RuntimeError:  # "SIFT found no features"
        return nothing
    count = len(detector.keypoints)
    some = np.arange(count) if count <= MOST else np.random.default_rng(SEED).permutation(count)[:MOST]
    return Keypoints(detector.keypoints[some, ::-1].astype(np.float64), detector.descriptors[some])


def _matches(one: Keypoints, other: Keypoints) -> tuple[np.ndarray, np.ndarray]:
    """Points that look alike, each other's best match and much better than the second best."""
    from skimage.feature import match_descriptors

    if min(len(one.points), len(other.points)) < 2:
        return np.zeros((0, 2)), np.zeros((0, 2))
    found = match_descriptors(one.descriptors, other.descriptors, max_ratio=RATIO, cross_check=True)
    return one.points[found[:, 0]], other.points[found[:, 1]]


# ---- tilts -------------------------------------------------------------------------------------------------


def _views(image: np.ndarray) -> Iterator[Keypoints]:
    """Of the image as it is, and of tilted views of it."""
    yield find_keypoints(image)
    for tilt in TILTS:
        for degrees in np.arange(0.0, 180.0, DEGREES / tilt):
            view, back = tilted_view(image, tilt, np.deg2rad(degrees))
            found = find_keypoints(view)
            points = found.points @ back[:, :2].T + back[:, 2]
            inside = ((points >= 0) & (points <= np.array(image.shape[::-1]) - 1)).all(axis=1)
            yield Keypoints(points[inside], found.descriptors[inside])


def tilted_view(image: np.ndarray, tilt: float, angle: float) -> tuple[np.ndarray, np.ndarray]:
    """The image turned by `angle` and squeezed by `tilt` along x; and the map (2, 3) back to its pixels."""
    from scipy.ndimage import gaussian_filter1d

    cos, sin = np.cos(angle), np.sin(angle)
    turn = np.array([[cos, -sin], [sin, cos]])
    size = np.array(image.shape[::-1])
    width, height = np.ceil(abs(turn) @ size).astype(int)
    back = _about_middles(turn.T, (height, width), image.shape)
    turned = warp(image, Affine(back[None], frame="pixel"), (height, width), boundary="border")
    blurred = gaussian_filter1d(turned, 0.8 * np.sqrt(tilt**2 - 1), axis=1)
    narrow = int(np.ceil(width / tilt))
    stretch = _about_middles(np.diag([tilt, 1.0]), (height, narrow), (height, width))
    view = warp(blurred, Affine(stretch[None], frame="pixel"), (height, narrow), boundary="border")
    return view, np.column_stack([back[:, :2] @ stretch[:, :2], back[:, :2] @ stretch[:, 2] + back[:, 2]])


def _about_middles(matrix: np.ndarray, out: tuple[int, int], of: tuple[int, int]) -> np.ndarray:
    """The affine map (2, 3) with `matrix` that takes the middle of one image to that of the other."""
    middles = [(np.array(shape[::-1]) - 1) / 2 for shape in (out, of)]
    return np.column_stack([matrix, middles[1] - matrix @ middles[0]])
