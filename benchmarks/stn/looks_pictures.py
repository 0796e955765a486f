"""Where parallel looks go: scenes with each look's frame in its colour, and below them what each sees.

    python -m benchmarks.stn.looks_pictures .stn/looks_2xST-CNN_attention_8000_seed0.npz

writes docs/stn/pictures/looks_2xST-CNN_attention_8000_seed0.png.
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
from warpkit.viz import ImageRow, draw_image_rows, find_outlines

from .looks import Attentions, Looks
from .pictures import PICTURES
from .sign_scenes import draw_scenes, test_signs
from .training import Training, plan_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SEED = 1_000_099
SCENES = 10


def draw_looks(look: Attentions, scenes: np.ndarray, title: str = "") -> Figure:
    """Draw scenes (n, 3, height, width) with a frame for each look, above what each look sees.

    Scenes have any range of values: each is shown from its least, black, to its greatest.
    """
    low, high = (extreme(scenes, axis=(1, 2, 3), keepdims=True) for extreme in (np.min, np.max))

    def row(label: str, images: np.ndarray, outlines: np.ndarray | None = None) -> ImageRow:
        return ImageRow(label, np.moveaxis((images - low) / (high - low), 1, -1), outlines)

    with no_grad():
        crops: list[Any] = look(scenes)
        shape = scenes.shape[2], scenes.shape[3]
        outlines = np.stack([find_outlines(attention, shape) for attention in look.localize(scenes)])
    rows = [row("scene", scenes, outlines)]
    rows += [row(f"look {i}", to_numpy(plain(crop))) for i, crop in enumerate(crops, 1)]
    return draw_image_rows(rows, title)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stn.looks_pictures",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoints", type=Path, nargs="+", help="of runs of looks, with transformers")
    parser.add_argument(
        "--pictures", type=Path, default=PICTURES, help="where to write; docs/stn/pictures by default"
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
        network: Any = training.network
        options.pictures.mkdir(parents=True, exist_ok=True)
        path = options.pictures / f"{plan.name}.png"
        draw_looks(network.look, scenes, plan.name).savefig(path)
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
