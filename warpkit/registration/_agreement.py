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
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, fft, namespace, to_numpy

from ._pyramid import in_blocks

LONGEST = 640  # pixels: larger images are made smaller first
MOST_TILES = 144
LEAST_APART = 8  # pixels, of tiles along each axis
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

    def chance(self, ndim: int) -> float:
        """Twice the share of places that are near, as places in the middle are a little likelier."""
        places = np.mgrid[(slice(-self.reach, self.reach + 1),) * ndim]
        return 2 * float((np.linalg.norm(places, axis=0) <= self.near).mean())


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
        from scipy.special import bdtrc  # not with warpkit: it takes long to load

        count = int(self.independent)
        by_chance = float(bdtrc(np.ceil(self.share * count) - 1, count, self.chance))
        return self.share >= max(LEAST_SHARE, 2 * self.chance) and by_chance < LEAST_PROBABILITY


def find_agreement(fixed: Array, warped: Array, weights: Array) -> Agreement:
    """Compare images (c, *spatial), channel by channel, where `weights` (*spatial) are above 0.

    They are looked at in blocks so large that no side is longer than LONGEST, unless too little is left of
    the shortest one.
    """
    ndim = weights.ndim
    search = LARGE if ndim == 2 and min(weights.shape) >= SMALL_IMAGE else SMALL
    window = search.tile + 2 * search.reach
    blocks: int = min(-(-max(weights.shape) // LONGEST), max(1, min(weights.shape) // (2 * window)))
    inside = in_blocks((weights > 0).astype("float64"), blocks) > 0.5
    corners, new = _corners(to_numpy(inside), window, search.tile)
    found = [
        compare_tiles(in_blocks(one, blocks), in_blocks(other, blocks), inside, corners, search)
        for one, other in zip(fixed, warped, strict=True)
    ]
    tiles, near = (sum(numbers) for numbers in zip(*found, strict=True))
    return Agreement(tiles, near, new * tiles / len(found), search.chance(ndim))


def compare_tiles(
    fixed: Array, warped: Array, inside: Array, corners: np.ndarray, search: Search
) -> tuple[int, int]:
    """How many tiles of an image have texture, and how many of them are near; `corners` are of windows."""
    if not len(corners):
        return 0, 0
    tiles = _centred(_cut(fixed, corners + search.reach, search.tile))
    windows = _centred(_cut(warped, corners, search.tile + 2 * search.reach))
    enough = np.ones(len(corners), bool)
    for parts, image in ((tiles, fixed), (windows, warped)):
        own, most = to_numpy(_deviation(parts)), float(image[inside].std())
        enough &= (own > 0) & (own >= TEXTURE * np.median(own)) & (own >= LEAST_TEXTURE * most)
    if not enough.any():
        return 0, 0
    shifts = _best_shifts(tiles[enough], windows[enough])
    return len(shifts), int((np.linalg.norm(shifts, axis=1) <= search.near).sum())


def _corners(inside: np.ndarray, window: int, tile: int) -> tuple[np.ndarray, float]:
    """First pixels (n, ndim) of windows all over what is inside, about MOST_TILES or fewer.

    And how much of a tile is new, as they overlap: those that do so by half, along each axis, count as new.
    """
    room = np.array(inside.shape) - window
    if (room < 0).any():
        return np.zeros((0, inside.ndim), int), 0.0
    apart = float(LEAST_APART)
    outside = _window_sums((~inside).astype(np.int64), window, range(inside.ndim))
    while True:
        axes = [np.linspace(0, n, int(n // apart) + 1).round().astype(int) for n in room]
        corners = np.array(list(itertools.product(*axes)))
        corners = corners[outside[tuple(corners.T)] == 0]
        if len(corners) <= MOST_TILES:
            break
        apart *= max(1.05, (len(corners) / MOST_TILES) ** (1 / inside.ndim))
    several = sum(len(axis) > 1 for axis in axes)
    return corners, min(1.0, 2 * apart / tile) ** several


def _cut(image: Array, corners: np.ndarray, length: int) -> Array:
    """The parts of `image` that begin at `corners`, (n, length, ...)."""
    return namespace(image).stack([image[tuple(slice(i, i + length) for i in c)] for c in corners.tolist()])


def _centred(tiles: Array) -> Array:
    return tiles - tiles.mean(axis=tuple(range(1, tiles.ndim)), keepdims=True)


def _deviation(centred: Array) -> Array:
    """Standard deviation of each tile."""
    return ((centred**2).mean(axis=tuple(range(1, centred.ndim)))) ** 0.5


def _window_sums(images: Array, length: int, axes: Iterable[int]) -> Array:
    """Sums over all windows of so many pixels along some axes."""
    xp = namespace(images)

    def along_first(x: Array, length: int) -> Array:
        if length == 1:
            return x
        halves, count = along_first(x, length // 2), len(x) - length + 1
        both = halves[:count] + halves[length // 2 : length // 2 + count]
        return both + x[length - 1 :] if length % 2 else both

    for axis in axes:
        images = xp.moveaxis(along_first(xp.moveaxis(images, axis, 0), length), 0, axis)
    return images


def _best_shifts(tiles: Array, windows: Array) -> np.ndarray:
    """Where in its centred window, from the middle, each centred tile correlates most, (n, ndim)."""
    xp, axes = namespace(tiles), tuple(range(1, tiles.ndim))
    length, shape = tiles.shape[1], windows.shape[1:]
    places = (slice(None), *(slice(0, n - length + 1) for n in shape))
    tiles, windows = tiles.astype("float32"), windows.astype("float32")  # scores need no more digits
    pixels = float(length ** (tiles.ndim - 1))
    squares = _window_sums(windows * windows, length, axes) / pixels
    variances = squares - (_window_sums(windows, length, axes) / pixels) ** 2
    # Rounding: what does not vary correlates with nothing.
    floor = 1e-6 * squares.max(axis=axes, keepdims=True)
    spectrum = fft(tiles).rfftn(windows, axes=axes) * fft(tiles).rfftn(tiles, shape, axes=axes).conj()
    products = fft(tiles).irfftn(spectrum, shape, axes=axes)[places]
    score = to_numpy(abs(products) / xp.maximum(variances, floor) ** 0.5)
    best = score.reshape(len(score), -1).argmax(axis=1)
    reach = (np.array(score.shape[1:]) - 1) / 2
    return np.stack(np.unravel_index(best, score.shape[1:]), axis=1) - reach
