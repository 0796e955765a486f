"""Train a spatial transformer network on handwritten digits.

The digits are turned at random by up to 90 degrees either way, anew in every epoch: the distortion R of the
spatial transformer paper (Jaderberg et al. 2015). Two networks of the same size learn to read them side by
side: ST-FCN, which begins with a spatial transformer, and FCN, which does not. At the end both are tested,
and a picture shows what the transformer does. Ctrl-C ends the training early; the report is then about the
networks as they are.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import sys
import time
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from warpkit.datasets import Dataset, load_digits, load_mnist
from warpkit.nn._families import FAMILIES
from warpkit.viz import draw_image_rows

from ._extras import need
from ._networks import make_networks
from ._picture import picture_rows
from ._report import measure_errors, table
from ._training import Learner, Settings, make_learners, train

PICTURE = "warpkit-demo.png"
TRANSFORMS = tuple(FAMILIES)
TRANSFORM = "similarity"  # rotation, scale and translation: the smallest family that undoes R and can zoom in


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Define the command line of the demo."""
    parser.add_argument("--data", metavar="DIR", help="train on MNIST: the folder of its four IDX files")
    parser.add_argument("--epochs", type=_count, help="times through the data; 150 by default, 20 for --data")
    parser.add_argument("--batch-size", type=_count, help="images per step; 64 by default, 128 for --data")
    parser.add_argument("--seed", type=_seed, default=0, help="0 by default; another one draws other angles")
    parser.add_argument("--transform", choices=TRANSFORMS, default=TRANSFORM, help=f"{TRANSFORM} by default")
    parser.add_argument(
        "--out", metavar="DIR", default=".", help=f"where to write {PICTURE}; here by default"
    )


def _count(text: str) -> int:
    return _whole_number(text, 1)


def _seed(text: str) -> int:
    return _whole_number(text, 0)


def _whole_number(text: str, least: int) -> int:
    try:
        number = int(text)
    except ValueError:
        number = least - 1
    if number < least:
        raise argparse.ArgumentTypeError(f"expected a whole number of at least {least}, given {text}")
    return number


def run(options: argparse.Namespace) -> int:
    """Run the demo; return the exit status."""
    packages = {"tqdm": "tqdm", "matplotlib": "matplotlib"}
    need(packages if options.data else {**packages, "sklearn": "scikit-learn"}, "the demo", "demo")
    start = time.perf_counter()
    folder = Path(options.out)
    folder.mkdir(parents=True, exist_ok=True)
    dataset = load_mnist(options.data) if options.data else load_digits()
    settings = _settings(options)
    shape = dataset.train_images.shape[2], dataset.train_images.shape[3]
    learners = make_learners(make_networks(shape, options.transform, options.seed), dataset, settings)
    counts = f"{len(dataset.train_images)} to train, {len(dataset.test_images)} to test"
    print(f"{dataset.name}: {counts}; turned by up to 90 degrees; transformer: {options.transform}")
    with _one_blas_thread():
        completed = _train(learners, dataset, settings)
        if not learners[-1].images:
            print("stopped by Ctrl-C before the first step")
            return 0
        if not completed:
            epochs = learners[-1].images / len(dataset.train_images)
            print(f"stopped by Ctrl-C after {epochs:.1f} of {settings.epochs} epochs")
        errors = [measure_errors(learner.network, dataset, options.seed) for learner in learners]
        print("\n" + table(learners, errors))
        _write_picture(folder / PICTURE, learners[0], dataset)
    print(f"\nwrote {folder / PICTURE}; {time.perf_counter() - start:.0f} s in all")
    return 0


def _settings(options: argparse.Namespace) -> Settings:
    """What is given, and defaults for the data set in use."""
    return Settings(
        epochs=options.epochs or (20 if options.data else 150),
        batch_size=options.batch_size or (128 if options.data else 64),
        learning_rate=1e-3,
        seed=options.seed,
    )


def _train(learners: list[Learner], dataset: Dataset, settings: Settings) -> bool:
    """Train behind a progress bar."""
    from tqdm import tqdm

    total = settings.epochs * len(dataset.train_images)
    every = 0.5 if sys.stderr.isatty() else 10.0  # seconds; in a log each state is a line
    with tqdm(total=total, unit=" images", unit_scale=True, mininterval=every) as bar:

        def after_step(images: int) -> None:
            bar.set_postfix_str(", ".join(map(_state, learners)), refresh=False)
            bar.update(images)

        return train(learners, dataset, settings, after_step)


def _state(learner: Learner) -> str:
    return f"{learner.name} loss {learner.loss:.3f} error {100 * learner.error:.1f} %"


def _one_blas_thread() -> AbstractContextManager[Any]:
    """Keep BLAS on one thread: on matrices of this size more of them mostly wait for one another.

    threadpoolctl comes with scikit-learn.
    """
    if importlib.util.find_spec("threadpoolctl") is None:
        return contextlib.nullcontext()
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped, unused-ignore]

    limits: AbstractContextManager[Any] = threadpool_limits(1, user_api="blas")
    return limits


def _write_picture(path: Path, learner: Learner, dataset: Dataset) -> None:
    transformer = learner.network[0]  # type: ignore[index]
    title = f"{learner.name} on {dataset.name}: inputs, where the transformer looks, and what it sees"
    draw_image_rows(picture_rows(transformer, dataset), title).savefig(path)
