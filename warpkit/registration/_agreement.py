r"""Do two aligned images show the same thing? What says so is not what was made least.

Any two images reach some correlation when one of them may be stretched and turned at will: "converged, with
0.74" has been said of a church and a pavement. So the answer is checked by other evidence. The fixed image is
cut into tiles, and for each of them the best place is looked for in the warped image, up to REACH pixels away
along each axis. Where the images show the same, most tiles are best where they are. Where they do not, a
tile's best place is anywhere, and hardly one in twenty is near by chance.

A tile's best place is where its correlation is greatest in absolute value, so that tissue that is bright in
one image and dark in the other agrees, too.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, namespace, to_numpy

LONGEST = 640  # pixels: larger images are made smaller first
MOST_TILES = 128  # about
TEXTURE = 0.3  # a tile must vary at least so much as the middle one of all tiles,
LEAST_TEXTURE = 0.02  # and so much as the whole image

LEAST_SHARE = 0.2
LEAST_PROBABILITY = 1e-6


@dataclass(frozen=True)
class Search:
    """How large tiles are, how far away their places are looked for, and what is near; in pixels."""

    tile: int
    reach: int
    near: float

    @property
    def chance(self) -> float:
        """Twice the share of places that are near, as places in the middle are a little likelier."""
        places = np.mgrid[(slice(-self.reach, self.reach + 1),) * 2]
        return 2 * float((np.hypot(*places) <= self.near).mean())


LARGE, SMALL = Search(32, 8, 2.0), Search(16, 4, 1.0)
SMALL_IMAGE = 200  # pixels: of an image whose shortest side is shorter, small tiles are searched for


@dataclass(frozen=True)
class Agreement:
    """How many tiles of the fixed image are best where they are.

    Attributes
    ----------
    tiles : int
        With texture, and inside both images.
    near : int
        Of these, those whose best place is near.
    independent : float
        How many of the tiles tell something new, as they overlap.
    chance : float
        The greatest probability that a tile is near without reason.
    """

    tiles: int
    near: int
    independent: float
    chance: float

    @property
    def share(self) -> float:
        """Of tiles that are near; 0 without tiles."""
        return self.near / max(self.tiles, 1)

    @property
    def convincing(self) -> bool:
        """Whether so many are near that chance is out of the question."""
        from scipy.stats import binom  # not with warpkit: it takes long to load

        count = int(self.independent)
        by_chance = float(binom.sf(np.ceil(self.share * count) - 1, count, self.chance))
        return self.share >= max(LEAST_SHARE, 2 * self.chance) and by_chance < LEAST_PROBABILITY


def find_agreement(fixed: Array, warped: Array, weights: Array) -> Agreement:
    """Compare images (*spatial) where `weights` (*spatial) are at least 1/2.

    The images are looked at in blocks so large that no side is longer than LONGEST.
    """
    blocks: int = max(1, -(-max(fixed.shape) // LONGEST))
    fixed, warped, inside = (_in_blocks(x, blocks) for x in (fixed, warped, weights))
    search = LARGE if fixed.ndim == 2 and min(fixed.shape) >= SMALL_IMAGE else SMALL
    window = search.tile + 2 * search.reach
    nothing = Agreement(0, 0, 0.0, search.chance)
    share = float((inside >= 0.5).mean())
    corners, apart = _corners(fixed.shape, window, MOST_TILES / max(share, 1 / MOST_TILES))
    if not len(corners):
        return nothing
    windows = _cut(inside, corners, window)
    corners = corners[to_numpy(windows.min(axis=tuple(range(1, windows.ndim))) >= 0.5)]
    if not len(corners):
        return nothing
    tiles = _centred(_cut(fixed, corners + search.reach, search.tile))
    windows = _cut(warped, corners, window)
    deviations = [to_numpy(_deviation(x)) for x in (tiles, _centred(windows))]
    enough = np.ones(len(corners), bool)
    for own, image in zip(deviations, (fixed, warped), strict=True):
        most = float(image.astype("float64").std())
        enough &= (own > 0) & (own >= TEXTURE * np.median(own)) & (own >= LEAST_TEXTURE * most)
    if not enough.any():
        return nothing
    shifts = _best_shifts(tiles[enough], windows[enough])
    near = int((np.linalg.norm(shifts, axis=1) <= search.near).sum())
    # Tiles that overlap by half, along each axis, are counted as independent.
    new = min(1.0, 2 * apart / search.tile) ** fixed.ndim
    return Agreement(len(shifts), near, new * len(shifts), search.chance)


def _in_blocks(image: Array, length: int) -> Array:
    """Means of blocks, in float64; what is left over at the end of an axis is left out."""
    whole = image[tuple(slice(n // length * length) for n in image.shape)].astype("float64")
    if length == 1:
        return whole
    shape = [part for n in whole.shape for part in (n // length, length)]
    return whole.reshape(shape).mean(axis=tuple(range(1, 2 * whole.ndim, 2)))


def _corners(shape: tuple[int, ...], window: int, most: float) -> tuple[np.ndarray, float]:
    """First pixels (n, ndim) of windows all over the image, about `most` or fewer, and how far apart."""
    room = np.array(shape) - window
    if (room < 0).any():
        return np.zeros((0, len(shape)), int), 0.0
    apart = max(4.0, float(np.prod(room + 1.0) / most) ** (1 / len(shape)))
    axes = [np.linspace(0, n, int(n // apart) + 1).round().astype(int) for n in room]
    return np.array(list(itertools.product(*axes))), apart


def _cut(image: Array, corners: np.ndarray, length: int) -> Array:
    """The parts of `image` that begin at `corners`, (n, length, ...)."""
    return namespace(image).stack([image[tuple(slice(i, i + length) for i in c)] for c in corners.tolist()])


def _centred(tiles: Array) -> Array:
    return tiles - tiles.mean(axis=tuple(range(1, tiles.ndim)), keepdims=True)


def _deviation(centred: Array) -> Array:
    """Standard deviation of each tile."""
    return ((centred**2).mean(axis=tuple(range(1, centred.ndim)))) ** 0.5


def _best_shifts(tiles: Array, windows: Array) -> np.ndarray:
    """Where in its window, from the middle, each centred tile correlates most, (n, ndim)."""
    xp, axes = namespace(tiles), tuple(range(1, tiles.ndim))
    length, shape = tiles.shape[1], windows.shape[1:]
    places = (slice(None), *(slice(0, n - length + 1) for n in shape))
    windows = _centred(windows)

    def correlate(images: Array, kernels: Array) -> Array:
        spectrum = xp.fft.rfftn(images, axes=axes) * xp.fft.rfftn(kernels, shape, axes=axes).conj()
        return xp.fft.irfftn(spectrum, shape, axes=axes)[places]

    box, pixels = xp.ones((1, *tiles.shape[1:])), float(length ** (tiles.ndim - 1))
    means = correlate(windows, box) / pixels
    squares = correlate(windows**2, box) / pixels
    variances = squares - means**2
    floor = 1e-6 * squares.max(
        axis=axes, keepdims=True
    )  # rounding: what does not vary correlates with nothing
    score = to_numpy(abs(correlate(windows, tiles)) / xp.maximum(variances, floor) ** 0.5)
    best = score.reshape(len(score), -1).argmax(axis=1)
    reach = (np.array(score.shape[1:]) - 1) / 2
    return np.stack(np.unravel_index(best, score.shape[1:]), axis=1) - reach
