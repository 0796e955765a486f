"""Pictures of a run: inputs with where the transformers look, and what they give on."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit import no_grad
from warpkit._core import Array, plain, to_numpy
from warpkit.nn import Module
from warpkit.transforms import AbstractTransform
from warpkit.viz import ImageRow, draw_image_rows, find_outlines

from .networks import transformers_of_input

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS = 10  # samples in a picture
FRAMES = 40  # of an animation
FRAME_MILLISECONDS = 150


def draw_transformers(network: Module, inputs: Any, title: str = "") -> Figure:
    """Draw what the transformers in the network's first layer do."""
    with no_grad():
        transformers = transformers_of_input(network)
        looks = [transformer.localize(inputs) for transformer in transformers]
        return draw_looks(inputs, looks, [transformer(inputs) for transformer in transformers], title)


def draw_looks(
    inputs: Array, looks: Sequence[AbstractTransform], outputs: Sequence[Array], title: str = ""
) -> Figure:
    """Draw inputs with the edges of what each of the looks sees, above what it sees.

    Three channels of images (n, c, height, width) are colours; otherwise each is a row of its own. Volumes
    (n, 1, depth, height, width) are seen from the front and from the side. Each is shown from its least
    value, black, to its greatest, and its outputs likewise.
    """
    images, shape = to_numpy(plain(inputs)), tuple(inputs.shape[2:])
    edges = [find_outlines(look, shape) for look in looks]
    views = _views(inputs.shape[1], len(shape))
    rows = []
    for view in views:
        outlines = np.stack(edges)[..., view.axes] if edges else None
        rows.append(ImageRow(f"input{view.label}", _of_range(view.of(images), view.of(images)), outlines))
    for number, output in enumerate(outputs, 1):
        label = "output" if len(outputs) == 1 else f"output {number}"
        shown = to_numpy(plain(output))
        rows += [ImageRow(label + view.label, _of_range(view.of(shown), view.of(images))) for view in views]
    return draw_image_rows(rows, title)


@dataclass(frozen=True)
class _View:
    """A side from which to look at images or volumes."""

    label: str
    of: Callable[[np.ndarray], np.ndarray]
    """Picks (n, height, width) or (n, height, width, 3)."""
    axes: list[int]
    """Which coordinates of a point are x and y in the picture."""


def _views(channels: int, dimensions: int) -> list[_View]:
    if dimensions == 3:
        return [
            _View(", front", lambda volumes: volumes[:, 0].mean(axis=1), [0, 1]),
            _View(", side", lambda volumes: volumes[:, 0].mean(axis=3).swapaxes(1, 2), [2, 1]),
        ]
    if channels == 3:
        return [_View("", lambda images: np.moveaxis(images, 1, -1), [0, 1])]
    names = [f", channel {channel}" for channel in range(1, channels + 1)] if channels > 1 else [""]
    return [_View(name, operator.itemgetter((slice(None), i)), [0, 1]) for i, name in enumerate(names)]


def _of_range(shown: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Bring the least value of each of the `reference` to 0 and its greatest to 1."""
    within = tuple(range(1, reference.ndim))
    low, high = reference.min(axis=within, keepdims=True), reference.max(axis=within, keepdims=True)
    return (shown - low) / np.where(high > low, high - low, 1)


class Animation:
    """Pictures of the same inputs in the course of a run, kept as files so that they outlive an interruption.

    The iterations that are drawn lie ever further apart, as learning slows down.
    """

    def __init__(self, folder: Path, draw: Callable[[Module, str], Figure], iterations: int) -> None:
        self.folder, self.draw = folder, draw
        drawn = np.geomspace(1, iterations + 1, min(FRAMES, iterations + 1)) - 1
        self.drawn = {int(iteration) for iteration in drawn.round()}

    def after(self, iteration: int, network: Module) -> None:
        """Draw, if it is time for it."""
        if iteration in self.drawn:
            self.folder.mkdir(parents=True, exist_ok=True)
            figure = self.draw(network, f"iteration {iteration}")
            figure.savefig(self.folder / f"{iteration:07d}.png", dpi=70)

    def write(self, path: Path) -> None:
        """Write what was drawn as an animated GIF, which stays at its last picture for a while."""
        from PIL import Image

        frames = [Image.open(file).convert("P") for file in sorted(self.folder.glob("*.png"))]
        durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [3000]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)
