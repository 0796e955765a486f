"""Pictures of a run: inputs with where the transformers look, what they give on, and learning curves."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit import no_grad
from warpkit._core import plain, to_numpy
from warpkit.nn import Module
from warpkit.viz import ImageRow, draw_image_rows, find_outlines

from .networks import transformers_of_input
from .results import FOLDER, Result

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PICTURES = FOLDER / "pictures"
COLUMNS = 10  # samples in a picture
FRAMES = 40  # of an animation
FRAME_MILLISECONDS = 150


def draw_transformers(network: Module, inputs: Any, title: str = "") -> Figure:
    """Draw inputs with a frame where each transformer looks, above what each gives on.

    Of inputs (n, c, height, width) three channels are colours; otherwise each channel is a row of its own.
    Volumes (n, c, depth, height, width) are seen from the front, as means along the depth.
    """
    looked, given_on = [], []
    with no_grad():
        for transformer in transformers_of_input(network):
            given_on.append(to_numpy(plain(transformer(inputs))))
            if len(transformer.shape) == 2:
                looked.append(find_outlines(transformer.localize(inputs), tuple(inputs.shape[2:])))
    outlines = np.stack(looked) if looked else None
    rows = [ImageRow("input", images, outlines) for images in _views(to_numpy(inputs))]
    for number, images in enumerate(given_on, 1):
        label = "output" if len(given_on) == 1 else f"output {number}"
        rows += [ImageRow(label, view) for view in _views(images)]
    return draw_image_rows(rows, title)


def _views(images: np.ndarray) -> list[np.ndarray]:
    """What to show: colours, or a picture (n, height, width) for each channel."""
    flat = images.mean(axis=2) if images.ndim == 5 else images
    return [np.moveaxis(flat, 1, -1)] if flat.shape[1] == 3 else list(np.moveaxis(flat, 1, 0))


def draw_curves(results: Iterable[Result], title: str = "") -> Figure:
    """Draw the share of wrong answers in training against the iteration, a colour for each network."""
    from matplotlib.figure import Figure

    by_network: dict[tuple[str, str], list[Result]] = defaultdict(list)
    for result in results:
        by_network[result.plan.model, result.plan.transform].append(result)
    figure = Figure((7, 4), dpi=110, layout="constrained")
    axes = figure.subplots()
    for number, ((model, transform), of_seeds) in enumerate(sorted(by_network.items())):
        for seed, result in enumerate(of_seeds):
            iterations, _, errors = np.array(result.curve).T
            name = model if transform == "none" else f"{model}, {transform}"
            label = name if seed == 0 else None
            axes.plot(iterations, 100 * errors, color=f"C{number}", linewidth=1, label=label)
    axes.set(xlabel="iteration", ylabel="errors in training [%]", xscale="log", yscale="log", title=title)
    axes.grid(visible=True, alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def write_curves(results: Iterable[Result], folder: Path) -> None:
    """Write a picture of learning curves for each experiment."""
    by_experiment: dict[str, list[Result]] = defaultdict(list)
    for result in results:
        by_experiment[result.plan.experiment].append(result)
    folder.mkdir(parents=True, exist_ok=True)
    for experiment, its_results in by_experiment.items():
        draw_curves(its_results, experiment).savefig(folder / f"curves_{experiment}.png")


class Animation:
    """Pictures of the same inputs in the course of a run, kept as files so that they outlive an interruption.

    The iterations that are drawn lie ever further apart, as learning slows down.
    """

    def __init__(self, folder: Path, inputs: Any, iterations: int) -> None:
        self.folder, self.inputs = folder, inputs
        drawn = np.geomspace(1, iterations + 1, min(FRAMES, iterations + 1)) - 1
        self.drawn = {int(iteration) for iteration in drawn.round()}

    def after(self, iteration: int, network: Module) -> None:
        """Draw, if it is time for it."""
        if iteration in self.drawn:
            self.folder.mkdir(parents=True, exist_ok=True)
            figure = draw_transformers(network, self.inputs, f"iteration {iteration}")
            figure.savefig(self.folder / f"{iteration:07d}.png", dpi=70)

    def write(self, path: Path) -> None:
        """Write what was drawn as an animated GIF, which stays at its last picture for a while."""
        from PIL import Image

        frames = [Image.open(file).convert("P") for file in sorted(self.folder.glob("*.png"))]
        durations = [FRAME_MILLISECONDS] * (len(frames) - 1) + [3000]
        frames[0].save(path, save_all=True, append_images=frames[1:], duration=durations, loop=0)
