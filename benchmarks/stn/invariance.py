"""What a trained network makes of a digit as it is moved, enlarged, turned or distorted as in training.

    python -m benchmarks.stn.invariance .stn/RTS_CNN_8000_seed0.npz .stn/RTS_ST-CNN_affine_8000_seed0.npz

takes the checkpoints of finished runs, and writes what it measures to docs/stn/invariance: a JSON file each,
and pictures beside them, the responses of all the networks in one, each transformer's outputs in its own.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from warpkit import no_grad
from warpkit._core import plain, to_numpy
from warpkit.nn import Module, Sequential
from warpkit.warping import warp_affine

from .distorted import DistortedDigits, distorted_digits
from .invariance_pictures import draw_copies, draw_responses
from .mnist import mnist
from .networks import Parallel
from .results import FOLDER, commit
from .training import Training, plan_of

SEED = 1_000_081
DIGITS, DISTORTIONS = 200, 50  # whose variance is measured
DRAWN = 4  # of these digits
RESPONSE_DIGITS = 500
AT_ONCE = 500  # images through a network

Shape = tuple[int, int]
Apply = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Variance:
    """Of images of digits, each divided by its norm, so that neither contrast nor size counts.

    A transformer whose outputs are all the same has no variance within digits, but the share tells: what
    little there is, is not between digits.

    Attributes
    ----------
    within : float
        Over the distortions k of the same digit d: the mean over d of the sum over pixels of var_k(z_dk).
    total : float
        The sum over pixels of the variance over all d and k.
    """

    within: float
    total: float

    @property
    def share(self) -> float:
        """Of the variance within digits in all: 0 where distortions change nothing."""
        return self.within / self.total


@dataclass(frozen=True)
class Response:
    """To one way of changing a digit.

    Attributes
    ----------
    values : list of float
        How far it is changed; at one of them it is not.
    accuracy : list of float
        In percent.
    distance : list of float
        Of the features before the last layer from those of the unchanged digit, squared, as a mean; relative
        to that between two different digits, unchanged: 0 where nothing moves, 1 where a digit has become as
        strange to itself as another one.
    """

    values: list[float]
    accuracy: list[float]
    distance: list[float]


# ---- variance ----------------------------------------------------------------------------------------------


def distorted_copies(experiment: DistortedDigits, digits: int, copies: int) -> np.ndarray:
    """The first test digits, each distorted anew for every copy: (digits * copies, 1, height, width)."""
    images = np.repeat(mnist().test_images[:digits], copies, axis=0)
    rng = np.random.default_rng(SEED)
    order = rng.permutation(len(images))  # shuffled, because TC cuts its clutter from images beside
    distorted, _ = experiment.distort(images[order], rng)
    return distorted[np.argsort(order)]


def variance(images: np.ndarray, digits: int) -> Variance:
    """Of images (digits * copies, ...), the copies of a digit one after the other."""
    pixels = images.reshape(len(images), -1).astype(np.float64)
    pixels /= np.maximum(np.linalg.norm(pixels, axis=1, keepdims=True), 1e-12)
    within = pixels.reshape(digits, -1, pixels.shape[1]).var(axis=1).sum(axis=1).mean()
    return Variance(float(within), float(pixels.var(axis=0).sum()))


# ---- response ----------------------------------------------------------------------------------------------


def changes(shape: Shape) -> dict[str, np.ndarray]:
    """Ways to change a digit in an image of that shape, and how far."""
    room = shape[1] // 3
    return {
        "translation in pixels": np.arange(-room, room + 1, dtype=float),
        "scale": np.arange(5, 17) / 10,
        "rotation in degrees": np.arange(-180.0, 181.0, 15.0),
    }


def changed(images: np.ndarray, shape: Shape, change: str, value: float) -> np.ndarray:
    """Images in the middle of a canvas, moved to the right, enlarged, or turned counterclockwise."""
    cos, sin, scale, move = 1.0, 0.0, 1.0, 0.0
    if change == "translation in pixels":
        move = value
    elif change == "scale":
        scale = value
    else:
        cos, sin = np.cos(np.deg2rad(value)), np.sin(np.deg2rad(value))
    # From points of the canvas to those of the image, in pixels from the middle of each.
    matrix = np.array([[cos, -sin], [sin, cos]]) / scale
    middle, canvas_middle = ((np.array(s[::-1]) - 1) / 2 for s in (images.shape[2:], shape))
    offset = middle - matrix @ (canvas_middle + np.array([move, 0.0]))
    return warp_affine(images, np.column_stack([matrix, offset])[None], shape, frame="pixel")


def measure_responses(network: Sequential, shape: Shape) -> dict[str, Response]:
    """To each of the changes."""
    images, labels = (x[:RESPONSE_DIGITS] for x in (mnist().test_images, mnist().test_labels))
    features = in_pieces(Sequential(*list(network)[:-1]))
    classify = in_pieces(network[-1])
    unchanged = features(changed(images, shape, "scale", 1.0))
    # Between two of them it is twice the variance, on average.
    between = 2 * unchanged.var(axis=0, ddof=1).sum()
    responses = {}
    for change, values in changes(shape).items():
        accuracy, distance = [], []
        for value in values:
            found = features(changed(images, shape, change, value))
            accuracy.append(100 * float((classify(found).argmax(axis=1) == labels).mean()))
            distance.append(float(((found - unchanged) ** 2).sum(axis=1).mean() / between))
        responses[change] = Response(values.tolist(), accuracy, distance)
    return responses


def in_pieces(module: Module) -> Apply:
    """The module as a function of many images, applied to some at a time."""

    def apply(images: np.ndarray) -> np.ndarray:
        with no_grad():
            parts: list[Any] = [module(images[i : i + AT_ONCE]) for i in range(0, len(images), AT_ONCE)]
        return np.concatenate([to_numpy(plain(part)) for part in parts])

    return apply


# ---- the command -------------------------------------------------------------------------------------------


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stn.invariance",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("checkpoints", type=Path, nargs="+", help="of runs of R, RTS, P, E or TC")
    parser.add_argument(
        "--results",
        type=Path,
        default=FOLDER / "invariance",
        help="where to write; docs/stn/invariance by default",
    )
    parser.add_argument("--picture", default="responses.png", help="the responses'; responses.png by default")
    options = parser.parse_args(arguments)
    try:
        trainings = [restore(checkpoint) for checkpoint in options.checkpoints]
    except (ValueError, FileNotFoundError) as error:
        print(f"python -m benchmarks.stn.invariance: {error}", file=sys.stderr)
        return 1
    options.results.mkdir(parents=True, exist_ok=True)
    responses = {training.plan.name: measure(training, options.results) for training in trainings}
    draw_responses(responses).savefig(options.results / options.picture)
    return 0


def restore(checkpoint: Path) -> Training:
    """The run as the checkpoint has it."""
    plan, experiments = plan_of(checkpoint), distorted_digits()
    if plan.experiment not in experiments:
        expected = f"a run of {', '.join(experiments)}"
        raise ValueError(f"{checkpoint}: expected {expected}, given {plan.experiment}")
    training = Training.begin(plan, experiments[plan.experiment], np.asarray)
    training.load(checkpoint)
    return training


def measure(training: Training, folder: Path) -> dict[str, Response]:
    """Write a JSON file, and what a transformer does as a picture; return what is drawn of all networks."""
    network: Any = training.network
    experiment: Any = training.experiment
    plan = training.plan
    responses = measure_responses(network, experiment.images.shape)
    record: dict[str, Any] = {"plan": plan.record(), "iteration": training.iteration, "commit": commit()}
    record["responses"] = {change: asdict(response) for change, response in responses.items()}
    told = ""
    if isinstance(network[0], Parallel):
        inputs = distorted_copies(experiment, DIGITS, DISTORTIONS)
        outputs = in_pieces(network[0])(inputs)
        given, shown = variance(inputs, DIGITS), variance(outputs, DIGITS)
        record["variance"] = {"input": asdict(given), "output": asdict(shown)}
        told = (
            f": variance within digits {shown.within:.3f}, {shown.within / given.within:.2f} of the input's; "
            f"{shown.share:.2f} of all variance, {given.share:.2f} in the input"
        )
        few = [images.reshape(DIGITS, DISTORTIONS, *images.shape[1:])[:DRAWN] for images in (inputs, outputs)]
        draw_copies(*few, plan.name).savefig(folder / f"{plan.name}.png")
    path = folder / f"{plan.name}.json"
    path.write_text(json.dumps(record, separators=(",", ":")) + "\n")
    print(f"{plan.name}{told}; wrote {path}", flush=True)
    return responses


if __name__ == "__main__":
    sys.exit(main())
