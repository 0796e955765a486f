"""Whether images show the same under a field, also where it was not allowed to look.

A field can make any two images alike, tile by tile; that tiles are best where they are says nothing then. So
the field is found again without half of the fixed image, every second square of a chessboard, on small
images. In the squares left out it is what their surroundings suggest, and the tiles there are compared as
those of a linear map are (`_agreement`). Where two images show the same, deformed smoothly, most of these
tiles are still near their best places. Where they do not, no more are than by chance.

Cross-validation: M. Stone, Journal of the Royal Statistical Society B 36 (2), 1974.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from warpkit._core import Array, namespace, ndimage
from warpkit._core._threads import each_beside

from ._agreement import Agreement, Search, compare_tiles
from ._fields import FieldComparison
from ._levenberg_marquardt import Iteration
from ._pyramid import Level
from ._refine import Answer, Pair, comparison

SEARCHES = {2: Search(16, 4, 1.0), 3: Search(8, 4, 1.5)}
LONGEST = {2: 400, 3: 64}  # pixels: larger images are looked at on a coarser level
MARGIN = 2  # pixels, between a tile and the edges of its square
FILL = 1 / 3  # of a square: the standard deviation of the Gaussian that fills it from around


def held_out_agreement(
    pair: Pair, matrix: np.ndarray, find_displacement: Callable[[Pair], Array]
) -> Agreement:
    """Compare tiles under displacements that were found without them.

    Parameters
    ----------
    pair : Pair
    matrix : ndarray (ndim + 1, ndim + 1)
        The affine map after the displacement, in space.
    find_displacement : callable
        Finds the displacement (ndim, *spatial) for a pair, in pixels of its finest level.
    """
    ndim = pair.group.ndim
    search = SEARCHES[ndim]
    fits = [max(level.shape) <= LONGEST[ndim] for level in pair.fixed]
    small = pair.from_level(fits.index(True) if True in fits else len(fits) - 1)
    finest = small.fixed[0]
    boards = [_board(level, finest, search) for level in small.fixed]
    comparisons = FieldComparison(comparison(small, 0, matrix), matrix)

    def compare(color: int) -> tuple[int, int]:
        kept = [board == color for board in boards]
        levels = [_weighted(*both) for both in zip(small.fixed, kept, strict=True)]
        displacement = find_displacement(replace(small, fixed=levels))
        view = comparisons.view(_filled(displacement, kept[0], FILL * _length(search)))
        inside = view.weights > 0
        corners = _corners(~kept[0], inside, search)
        channels = zip(finest.image, comparisons.images.in_fixed_contrast(view), strict=True)
        found = [compare_tiles(one, other, inside, corners, search) for one, other in channels]
        return sum(tiles for tiles, _ in found), sum(near for _, near in found)

    both = each_beside(compare, (0, 1), namespace(finest.image))
    tiles, near = (sum(numbers) for numbers in zip(*both, strict=True))
    return Agreement(tiles, near, tiles / len(finest.image), search.chance(ndim))


def _length(search: Search) -> int:
    """Of a square, in pixels."""
    return search.tile + 2 * MARGIN


def _begin(search: Search) -> int:
    """Where the first square begins along each axis, so that its tile's window just fits into the image."""
    return search.reach - MARGIN


def _board(level: Level, finest: Level, search: Search) -> Array:
    """0 and 1 for the pixels of a level: the colours of squares, whose length is in the finest's pixels."""
    steps = np.diag(np.linalg.solve(finest.to_space, level.to_space))[-2::-1]
    squares = [
        ((np.arange(n) * step - _begin(search)) // _length(search)).astype(int)
        for n, step in zip(level.shape, steps, strict=True)
    ]
    return namespace(level.image).asarray(sum(np.meshgrid(*squares, indexing="ij")) % 2)


def _weighted(level: Level, kept: Array) -> Level:
    """The level with nothing elsewhere."""
    weights = kept.astype("float32")
    return replace(level, weights=weights if level.weights is None else weights * level.weights)


def _filled(displacement: Array, kept: Array, sigma: float) -> Array:
    """What was kept, and elsewhere its weighted mean near there."""
    xp, weights = namespace(displacement), kept.astype("float32")
    blur, sigmas = ndimage(displacement).gaussian_filter, [0.0] + [sigma] * kept.ndim
    around = blur(weights * displacement, sigmas) / xp.maximum(blur(weights, sigmas[1:]), 1e-6)
    return xp.where(kept, displacement, around)


def _corners(left_out: Array, inside: Array, search: Search) -> np.ndarray:
    """First pixels of the windows of the tiles in the middle of the squares left out, (n, ndim)."""
    window, middle = search.tile + 2 * search.reach, search.reach + search.tile // 2
    corners = itertools.product(*(range(0, n - window + 1, _length(search)) for n in inside.shape))
    found = [
        corner
        for corner in corners
        if bool(left_out[tuple(i + middle for i in corner)])
        and bool(inside[tuple(slice(i, i + window) for i in corner)].all())
    ]
    return np.array(found, int).reshape(-1, inside.ndim)


def judged(
    pair: Pair,
    matrix: np.ndarray,
    displacement: Array,
    find_displacement: Callable[[Pair], Array],
    history: list[Iteration],
    *,
    settled: bool,
) -> tuple[Answer, bool]:
    """What a displacement before the affine map makes of the finest level; and whether it is worse than none.

    The agreement is that of parts which had no say in what `find_displacement` finds without them.
    """
    both = FieldComparison(comparison(pair, 0, matrix), matrix)
    images, view = both.images, both.view(displacement)
    before = both.view(namespace(displacement).zeros_like(displacement))
    cost, overlap = images.cost(view, view.weights), images.overlap(view)
    agreement = held_out_agreement(pair, matrix, find_displacement)
    answer = Answer(matrix, view, cost, overlap, settled, agreement, history)
    return answer, images.improves(view, before)
