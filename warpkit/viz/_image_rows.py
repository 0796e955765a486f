"""Rows of small images, with outlines drawn on them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from warpkit._core import wrong_value

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_INCHES = 0.9  # side of one image
_LABEL_INCHES = 1.5
_COLOURS = ("tab:orange", "tab:cyan", "tab:green", "tab:pink")


@dataclass(frozen=True, eq=False)
class ImageRow:
    """Images for one row of a picture.

    Attributes
    ----------
    label : str
        Written to the left of the row.
    images : ndarray (n, height, width) or (n, height, width, 3)
        Shown from 0, black, to 1, white; or red, green and blue, each from 0 to 1.
    outlines : ndarray (n, m, 2) or (k, n, m, 2), optional
        A curve on each image, or k of them in k colours, as (x, y) in pixels; pixel centres are whole
        numbers.
    """

    label: str
    images: np.ndarray
    outlines: np.ndarray | None = None


def draw_image_rows(rows: Sequence[ImageRow], title: str = "") -> Figure:
    """Draw images in rows, one below the other.

    Parameters
    ----------
    rows : sequence of ImageRow
        At least one, all of the same number of images.
    title : str
        Written above.

    Returns
    -------
    matplotlib.figure.Figure
        Belongs to no window: ``figure.savefig("rows.png")`` writes it to a file.

    Raises
    ------
    ValueError
        If the rows have different numbers of images, or none.
    ImportError
        If matplotlib is not installed.
    """
    columns = len(rows[0].images) if rows else 0
    if columns == 0:
        raise wrong_value("rows", "at least one row of at least one image", "none")
    for i, row in enumerate(rows):
        colours = row.images.shape[3:]
        if row.images.ndim < 3 or colours not in ((), (3,)) or len(row.images) != columns:
            expected = f"shape ({columns}, height, width[, 3]), as many as in the first row"
            raise wrong_value(f"rows[{i}].images", expected, f"shape {row.images.shape}")
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        message = 'pictures need matplotlib: pip install "warpkit-diff[demo]"'
        raise ImportError(message, name="matplotlib") from error
    width, height = _LABEL_INCHES + _INCHES * columns, _INCHES * len(rows) + (0.4 if title else 0.1)
    figure = Figure((width, height), dpi=150)
    figure.suptitle(title, fontsize=10, y=1 - 0.12 / height)
    axes = figure.subplots(len(rows), columns, squeeze=False)
    figure.subplots_adjust(
        left=_LABEL_INCHES / width,
        right=1 - 0.05 / width,
        bottom=0.05 / height,
        top=_INCHES * len(rows) / height,
        wspace=0.06,
        hspace=0.06,
    )
    for row, row_axes in zip(rows, axes, strict=True):
        _draw_row(row, row_axes)
    return figure


def _draw_row(row: ImageRow, row_axes: Sequence[Axes]) -> None:
    height, width = row.images.shape[1:3]
    curves = () if row.outlines is None else row.outlines.reshape(-1, *row.outlines.shape[-3:])
    for i, axes in enumerate(row_axes):
        axes.imshow(row.images[i].clip(0, 1), cmap="gray", vmin=0, vmax=1, interpolation="nearest")
        axes.set(xticks=[], yticks=[], xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
        for curve, colour in zip(curves, itertools.cycle(_COLOURS)):
            axes.plot(*curve[i].T, color=colour, linewidth=1.2)
    row_axes[0].set_ylabel(row.label, rotation=0, ha="right", va="center", fontsize=8)
