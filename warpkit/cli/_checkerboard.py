"""Two images in one picture, in turns, like the squares of a checkerboard."""

from __future__ import annotations

import itertools

import numpy as np

from ._views import View, resize

LONGEST = 1600  # pixels
SHORTEST = 480  # of the longest side: smaller pictures are enlarged
SQUARES = 8  # along the shortest side
BACKGROUND = 0.08
_GAP = 12  # pixels between the slices of a volume
_ARM = 0.06  # of a square: of the crosses where squares meet
_CROSS = (1.0, 0.75, 0.2)
_DIMMED = 0.35


def checkerboard(views: list[View]) -> np.ndarray:
    """Draw squares of the fixed and of the aligned image, beginning with the fixed one.

    Small crosses mark where squares meet. Where the moving image has nothing to show, the fixed one is dark.

    Returns
    -------
    ndarray of uint8 (height, width, 3)
        Slices of a volume stand side by side.
    """
    widest = max(*views[0].fixed.shape[:2], sum(view.fixed.shape[1] for view in views))
    scale = min(LONGEST / widest, max(1.0, SHORTEST / max(views[0].fixed.shape[:2])))
    pictures = [_draw(view, scale) for view in views]
    return np.rint(255 * side_by_side(pictures)).astype(np.uint8)


def side_by_side(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures (height, width, 3), in the middle of a row."""
    height = max(len(picture) for picture in pictures)
    out = []
    for picture in pictures:
        above = (height - len(picture)) // 2
        below = height - len(picture) - above
        out.append(np.pad(picture, ((above, below), (0, _GAP), (0, 0)), constant_values=BACKGROUND))
    return np.concatenate(out, axis=1)[:, :-_GAP]


def _draw(view: View, scale: float) -> np.ndarray:
    height, width = (max(1, round(n * scale)) for n in view.fixed.shape[:2])
    fixed, after = (resize(image, (height, width)) for image in (view.fixed, view.after))
    covered = resize(view.covered[..., None].astype(float), (height, width)) > 0.5
    side = max(8, round(min(height, width) / SQUARES))
    y, x = np.ogrid[:height, :width]
    first = ((y // side + x // side) % 2 == 0)[..., None]
    picture = np.where(covered, np.where(first, fixed, after), _DIMMED * fixed)
    crosses = _crosses(height, width, side)[..., None] & covered
    return np.where(crosses, _CROSS, picture)


def _crosses(height: int, width: int, side: int) -> np.ndarray:
    """Whether pixels are of the crosses where four squares meet."""
    arm, half = max(2, round(_ARM * side)), max(1, round(side / 120))
    crosses = np.zeros((height, width), bool)
    for y, x in itertools.product(range(side, height - arm, side), range(side, width - arm, side)):
        crosses[y - half : y + half, x - arm : x + arm] = True
        crosses[y - arm : y + arm, x - half : x + half] = True
    return crosses
