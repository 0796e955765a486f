"""Pictures of what networks make of changed digits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from warpkit.viz import ImageRow, draw_image_rows

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from .invariance import Response

SHOWN = 10  # distortions of a digit


def draw_copies(inputs: np.ndarray, outputs: np.ndarray, title: str) -> Figure:
    """Copies of a few digits as a transformer sees them and as it shows them, and their means in front.

    Both are (digits, copies, 1, height, width). The sharper the mean, the more alike the copies.
    """
    rows = []
    for given, shown in zip(inputs, outputs, strict=True):
        rows += [
            ImageRow("mean, and inputs", _mean_first(given)),
            ImageRow("mean, and outputs", _mean_first(shown)),
        ]
    return draw_image_rows(rows, title)


def _mean_first(copies: np.ndarray) -> np.ndarray:
    return np.concatenate([copies.mean(axis=0), *copies[:SHOWN]])


def draw_responses(responses: Mapping[str, Mapping[str, Response]]) -> Figure:
    """A column for each way of changing a digit, a curve for each network."""
    from matplotlib.figure import Figure

    changes = list(next(iter(responses.values())))
    figure = Figure((3.6 * len(changes), 5.4), dpi=150, layout="constrained")
    axes = figure.subplots(2, len(changes), sharex="col", sharey="row", squeeze=False)
    for name, of_network in responses.items():
        for column, change in enumerate(changes):
            response = of_network[change]
            axes[0, column].plot(response.values, response.accuracy, label=name)
            axes[1, column].plot(response.values, response.distance)
            axes[1, column].set_xlabel(change)
    axes[0, 0].set_ylabel("accuracy in %")
    axes[1, 0].set_ylabel("squared distance of features,\n1 as between digits")
    axes[0, 0].legend(fontsize=7)
    for panel in axes.flat:
        panel.grid(alpha=0.3)
    return figure
