"""A film that goes to and fro between two images, before and after they were aligned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from warpkit.exchange._optional import optional

from ._checkerboard import BACKGROUND, side_by_side
from ._views import View, resize

_PICTURE, _SLICES = (240, 400), (560, 720)  # pixels: the least and the greatest extent
FADES = 4  # frames from one image to the other
HOLD, FADE = 900, 80  # milliseconds
_DPI = 100
_MARGIN, _HEADING = 0.12, 0.42  # inches


def write_before_after(path: Path, views: list[View]) -> None:
    """Write a GIF: on one side the moving image as it was, on the other as it came to the fixed one."""
    imageio = optional("imageio.v3", "a GIF", "command")
    fixed, before, after = (
        side_by_side(_scaled([getattr(view, name) for view in views]))
        for name in ("fixed", "before", "after")
    )
    ends = [_frame(fixed, fixed, "fixed"), _frame(before, after, "moving")]
    shares = np.linspace(0, 1, FADES + 2)
    there = [(1 - share) * ends[0] + share * ends[1] for share in shares]
    frames = np.rint([*there, *there[-2:0:-1]]).astype(np.uint8)
    if (frames == frames[..., :1]).all():
        frames = frames[..., 0]  # 256 greys are all that a GIF can have
    durations = [HOLD, *[FADE] * FADES, HOLD, *[FADE] * FADES]
    imageio.imwrite(path, frames, plugin="pillow", extension=".gif", duration=durations, loop=0)


def _scaled(pictures: list[np.ndarray]) -> list[np.ndarray]:
    """By the same factor all of them, until they fit into a film."""
    extent = max(*map(len, pictures), sum(picture.shape[1] for picture in pictures))
    least, most = _PICTURE if len(pictures) == 1 else _SLICES
    scale = min(most / extent, max(1.0, least / extent))
    return [
        resize(picture, (max(1, round(scale * len(picture))), max(1, round(scale * picture.shape[1]))))
        for picture in pictures
    ]


def _frame(left: np.ndarray, right: np.ndarray, shown: str) -> np.ndarray:
    """Two pictures side by side, or one above the other if they are wide, with what they are above them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    height, width = (n / _DPI for n in left.shape[:2])
    wide = width > 1.3 * height
    columns, rows = (1, 2) if wide else (2, 1)
    size = (
        _MARGIN + columns * (width + _MARGIN),
        _MARGIN + rows * (height + _HEADING),
    )
    figure = Figure(size, dpi=_DPI, facecolor=(BACKGROUND,) * 3)
    canvas = FigureCanvasAgg(figure)
    for i, (picture, when) in enumerate(((left, "before"), (right, "after"))):
        x = _MARGIN + (0 if wide else i * (width + _MARGIN))
        y = size[1] - _HEADING - height - (i * (height + _HEADING) if wide else 0)
        axes = figure.add_axes((x / size[0], y / size[1], width / size[0], height / size[1]))
        axes.imshow(picture, interpolation="nearest", vmin=0, vmax=1)
        axes.set_axis_off()
        _label(figure, x / size[0], (y + height + 0.13) / size[1], when, "left", 0.95)
        _label(figure, (x + width) / size[0], (y + height + 0.13) / size[1], shown, "right", 0.6)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba(), np.float64)[..., :3]


def _label(figure: Any, x: float, y: float, text: str, side: str, grey: float) -> None:
    figure.text(x, y, text, ha=side, va="baseline", color=(grey,) * 3, fontsize=11)
