"""Where parallel looks go: scenes with each look's frame in its colour, and below them what each sees.

    python -m benchmarks.stn.looks_pictures .stn/looks_2xST-CNN_attention_5000_seed0.npz

writes docs/stn/looks/looks_2xST-CNN_attention_5000_seed0.png.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit import no_grad
from warpkit._core import plain, to_numpy
from warpkit.grids import convert_points
from warpkit.viz import frame_outline

from .looks import Attentions, Looks, Together
from .results import FOLDER
from .sign_scenes import draw_scenes, test_signs
from .training import Training, plan_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 1_000_099
SCENES = 10
INCHES = 1.1  # side of a scene
COLOURS = ("tab:orange", "tab:cyan", "tab:green", "tab:pink")


def draw_looks(look: Attentions, scenes: np.ndarray, title: str) -> Figure:
    """A column for each scene (n, 3, height, width): the scene with frames, and the crops."""
    from matplotlib.figure import Figure

    with no_grad():
        crops: list[Any] = [to_numpy(plain(crop)) for crop in look(scenes)]
        frames = [_frame(attention, scenes.shape[2:]) for attention in look.localize(scenes)]
    figure = Figure((INCHES * len(scenes), INCHES * (1 + len(crops)) + 0.3), dpi=150, layout="constrained")
    figure.suptitle(title, fontsize=9)
    axes = figure.subplots(1 + len(crops), len(scenes), squeeze=False)
    for column, scene in enumerate(scenes):
        lowest, highest = scene.min(), scene.max()
        rows = [scene, *(crop[column] for crop in crops)]
        for panel, image in zip(axes[:, column], rows, strict=True):
            shown = (image - lowest) / (highest - lowest)
            panel.imshow(shown.transpose(1, 2, 0).clip(0, 1), interpolation="nearest")
            panel.set(xticks=[], yticks=[])
        for frame, panel, colour in zip(frames, axes[1:, column], COLOURS, strict=False):
            axes[0, column].plot(*frame[column].T, color=colour, linewidth=1.2)
            panel.spines[:].set(color=colour, linewidth=2)
    return figure


def _frame(attention: Any, shape: tuple[int, ...]) -> np.ndarray:
    """Where the edges of what is seen lie on the scene, (n, m, 2) in pixels."""
    points = to_numpy(plain(attention(frame_outline())))
    return convert_points(points, shape, attention.frame, "pixel")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stn.looks_pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoints", type=Path, nargs="+", help="of runs of looks, with transformers")
    parser.add_argument(
        "--pictures", type=Path, default=FOLDER / "looks", help="where to write; docs/stn/looks by default"
    )
    options = parser.parse_args(arguments)
    scenes = draw_scenes(test_signs(), SCENES, np.random.default_rng(SEED)).inputs
    for checkpoint in options.checkpoints:
        plan = plan_of(checkpoint)
        if plan.experiment != "looks" or plan.model == "CNN":
            given = f"{plan.experiment} with {plan.model}"
            message = f"{checkpoint}: expected a run of looks with transformers, given {given}"
            print(f"python -m benchmarks.stn.looks_pictures: {message}", file=sys.stderr)
            return 1
        training = Training.begin(plan, Looks(), np.asarray)
        training.load(checkpoint)
        network: Together = training.network  # type: ignore[assignment]
        options.pictures.mkdir(parents=True, exist_ok=True)
        path = options.pictures / f"{plan.name}.png"
        draw_looks(network.look, scenes, plan.name).savefig(path)
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
