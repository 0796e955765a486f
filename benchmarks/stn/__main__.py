"""Train the networks of the spatial transformer paper and hold them against it.

    python -m benchmarks.stn R --model ST-FCN --transform affine --seeds 0 1 2 --iterations 30000
    python -m benchmarks.stn table
    python -m benchmarks.stn curves --pictures pictures

A run that is interrupted goes on from its last checkpoint when the same command is given again, and ends with
the same bits. The data are in the folder that the environment variable WARPKIT_DATA names.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from warpkit.nn import Module

from ..arguments import positive
from .curves import PICTURES, write_curves
from .experiment import AbstractExperiment
from .experiments import all_experiments
from .pictures import COLUMNS, Animation
from .plan import OPTIMIZERS, Plan
from .results import FOLDER, read_all, result_of, write
from .table import table
from .training import Training

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CHECKPOINT_SECONDS = 30.0
OF_RESULTS = ("table", "curves")
PICTURE_SEED = 7  # of the samples that are drawn


def make_parser(experiments: dict[str, AbstractExperiment]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stn",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("experiment", choices=(*experiments, *OF_RESULTS), help="or what to make of results")
    parser.add_argument("--model", help="the experiment's first by default")
    parser.add_argument("--transform", help="of a model with a transformer; the first by default")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0], help="a run each; 0 by default")
    parser.add_argument(
        "--iterations", type=positive, default=30_000, help="30000 by default; the paper's are 150000"
    )
    parser.add_argument("--batch-size", type=positive, help="as in the paper by default")
    parser.add_argument(
        "--optimizer", choices=OPTIMIZERS, help="the experiment's by default; SGD has momentum"
    )
    parser.add_argument("--learning-rate", type=float, help="at the start; it falls to 0 along a cosine")
    parser.add_argument("--localizer-factor", type=float, help="of the transformer's learning rate")
    parser.add_argument("--weight-decay", type=float, help="as of AdamW")
    parser.add_argument("--bound", type=float, help="of transform parameters, by a tanh around the identity")
    parser.add_argument("--outside-penalty", type=float, help="for looking beyond the input; 0 by default")
    parser.add_argument(
        "--device",
        choices=("cpu", "cuda"),
        default="cpu",
        help="cuda: arrays of CuPy (not tried on a GPU so far)",
    )
    parser.add_argument("--results", type=Path, default=FOLDER, help="where to write; docs/stn by default")
    parser.add_argument(
        "--checkpoints", type=Path, default=Path(".stn"), help="where to write; .stn by default"
    )
    parser.add_argument(
        "--pictures", type=Path, help="folder for pictures and an animation of where transformers look"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    experiments = all_experiments()
    parser = make_parser(experiments)
    options = parser.parse_args(arguments)
    if options.experiment == "table":
        print(table(read_all(options.results)))
        return 0
    if options.experiment == "curves":
        write_curves(read_all(options.results), options.pictures or PICTURES)
        return 0
    experiment = experiments[options.experiment]
    try:
        plans = [make_plan(options, experiment, seed) for seed in options.seeds]
    except ValueError as error:
        parser.error(str(error))
    try:
        for plan in plans:
            run(plan, experiment, device(options.device), options)
    except (ValueError, FileNotFoundError, FloatingPointError) as error:
        print(f"python -m benchmarks.stn: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped by Ctrl-C: the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0


def make_plan(options: argparse.Namespace, experiment: AbstractExperiment, seed: int) -> Plan:
    """The options, and the experiment's defaults."""
    model = options.model or experiment.models[0]
    if model not in experiment.models:
        raise ValueError(f"--model: expected one of {', '.join(experiment.models)}, given {model}")
    transform = options.transform or experiment.transforms[0]
    if transform not in experiment.transforms:
        raise ValueError(
            f"--transform: expected one of {', '.join(experiment.transforms)}, given {transform}"
        )

    settings = ("batch_size", "optimizer", "learning_rate", "localizer_factor", "weight_decay")
    given = {name: getattr(options, name) for name in (*settings, "bound", "outside_penalty")}
    return experiment.plan(options.experiment, model, transform, seed, options.iterations, **given)


def device(name: str) -> Callable[[np.ndarray], Any]:
    """What brings NumPy's arrays there."""
    if name == "cpu":
        return np.asarray
    import cupy

    return cupy.asarray


def run(
    plan: Plan,
    experiment: AbstractExperiment,
    to_device: Callable[[np.ndarray], Any],
    folders: argparse.Namespace,
) -> None:
    """Train to the end, from the checkpoint if there is one; evaluate, and write the result.

    `folders` has `results`, `checkpoints` and, or None, `pictures`.
    """
    from tqdm import tqdm

    folders.checkpoints.mkdir(parents=True, exist_ok=True)
    checkpoint = folders.checkpoints / f"{plan.name}.npz"
    training = Training.begin(plan, experiment, to_device)
    if checkpoint.exists():
        training.load(checkpoint)
    animation = None
    if folders.pictures:
        some = to_device(experiment.draw(np.random.default_rng(PICTURE_SEED), COLUMNS).inputs)

        def draw(network: Module, title: str) -> Figure:
            return experiment.picture(network, some, title)

        animation = Animation(folders.checkpoints / f"{plan.name}.frames", draw, plan.iterations)
        animation.after(training.iteration, training.network)
    saved = time.monotonic()
    interval = 0.5 if sys.stderr.isatty() else 30.0
    with tqdm(total=plan.iterations, initial=training.iteration, desc=plan.name, mininterval=interval) as bar:
        while training.iteration < plan.iterations:
            training.step()
            bar.set_postfix_str(state(training), refresh=False)
            bar.update(1)
            if animation:
                animation.after(training.iteration, training.network)
            # Never within a step, not even after Ctrl-C: that may have left it half done.
            if time.monotonic() - saved > CHECKPOINT_SECONDS:
                training.save(checkpoint)
                saved = time.monotonic()
    training.save(checkpoint)
    figures = experiment.evaluate(training.network, to_device)
    if animation:
        folders.pictures.mkdir(parents=True, exist_ok=True)
        animation.write(folders.pictures / f"{plan.name}.gif")
        draw(training.network, plan.name).savefig(folders.pictures / f"{plan.name}.png")
    path = write(result_of(training, figures), folders.results)
    told = ", ".join(f"{name} {value:.2f}" for name, value in figures.items())
    print(f"{plan.name}: {told}; wrote {path}", flush=True)


def state(training: Training) -> str:
    """For the progress bar."""
    if not training.curve:
        return ""
    _, loss, error = training.curve[-1]
    rate = training.plan.batch_size * training.iteration / max(training.seconds, 1e-9)
    return f"loss {loss:.3f}, error {100 * error:.1f} %, {rate:.0f} images/s"


if __name__ == "__main__":
    sys.exit(main())
