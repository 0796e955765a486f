"""Time a training step of the paper's networks beside the same in torch.

    python -m benchmarks.stn.throughput

A step is the forward pass, the backward pass and Adam's update, of a batch that is there already; drawing a
batch of the experiment R is timed for itself. Each library has a process of its own and the same number of
threads; rounds go from one to the other.
"""

from __future__ import annotations

import argparse
import functools
import importlib.util
import multiprocessing
import os
import signal
import statistics
import sys
from collections.abc import Callable, Sequence
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

import warpkit as wk
from warpkit import nn

from ..arguments import positive
from ..machine import describe_machine
from ..measure import THREAD_VARIABLES
from ..progress import progress
from ..worker import time_round
from .distorted import TRANSFORMER_SHAPE, distorted_digits
from .networks import Images, Transformer, make_network

MODELS = ("FCN", "ST-FCN", "CNN", "ST-CNN")
DRAWING = "drawing a batch of R"
LEARNING_RATE = 1e-4  # small, so that no number of steps on a batch of noise leads anywhere

Run = Callable[[], Any]


def make_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.stn.throughput",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--models", nargs="+", choices=MODELS, default=list(MODELS), help="all by default")
    parser.add_argument("--size", type=positive, default=28, help="of the images' sides; 28 by default")
    parser.add_argument("--batch-size", type=positive, default=256, help="256 by default, as in the paper")
    parser.add_argument("--threads", type=positive, default=2, help="of each library; 2 by default")
    parser.add_argument("--rounds", type=positive, default=9, help="9 by default; fewer only to try it out")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit status."""
    options = make_parser().parse_args(arguments)
    libraries = ["warpkit", "torch"]
    if importlib.util.find_spec("torch") is None:
        print("torch: not installed")
        libraries.remove("torch")
    for name, fact in describe_machine().items():
        print(f"{name}: {fact}")
    print(row(("model", "warpkit", "torch", "ratio")))
    print("|---|---|---|---|", flush=True)
    for variable in THREAD_VARIABLES:
        os.environ[variable] = str(options.threads)
    how = (options.size, options.batch_size, options.threads)
    with progress((len(options.models) + 1) * options.rounds) as tick:
        for model in options.models:
            seconds = measure(libraries, (model, *how), options.rounds, functools.partial(tick, model))
            print(report(model, seconds), flush=True)
        (seconds,) = measure([DRAWING], ("", *how), options.rounds, functools.partial(tick, DRAWING)).values()
    print(f"\n{DRAWING}: {milliseconds(seconds)}")
    return 0


def row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def report(model: str, seconds: dict[str, float]) -> str:
    """A row of the table; the ratio is torch's time over warpkit's."""
    ratio = f"{seconds['torch'] / seconds['warpkit']:.2f}" if "torch" in seconds else ""
    times = {name: milliseconds(value) for name, value in seconds.items()}
    return row((model, times["warpkit"], times.get("torch", ""), ratio))


def milliseconds(seconds: float) -> str:
    return f"{1e3 * seconds:.3g} ms"


# ---- the processes -----------------------------------------------------------------------------------------


def measure(
    libraries: Sequence[str], job: tuple[str, int, int, int], rounds: int, tick: Run
) -> dict[str, float]:
    """Seconds of a call in each process, the median over rounds."""
    context = multiprocessing.get_context("spawn")  # thread pools do not survive a fork
    pipes: dict[str, Connection] = {}
    processes = []
    for library in libraries:
        pipes[library], other = context.Pipe()
        process = context.Process(target=serve, args=(library, job, other), daemon=True)
        process.start()
        other.close()  # so that the end of the process is the end of the pipe
        processes.append(process)
    for pipe in pipes.values():
        pipe.recv()
    times: dict[str, list[float]] = {library: [] for library in libraries}
    for _ in range(rounds):
        for library, pipe in pipes.items():
            pipe.send("round")
            times[library].append(pipe.recv())
        tick()
    for pipe in pipes.values():
        pipe.send(None)
    for process in processes:
        process.join()
    return {library: statistics.median(each) for library, each in times.items()}


def serve(library: str, job: tuple[str, int, int, int], pipe: Connection) -> None:
    """Get ready, and time a round for each request until there is None."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's, which then ends this process
    run = RUNS[library](*job)
    run()  # lazy imports, and the optimiser's memory
    pipe.send("ready")
    while pipe.recv() is not None:
        pipe.send(time_round(run))


def network_of(model: str, size: int) -> nn.Sequential:
    transformer = Transformer("affine", TRANSFORMER_SHAPE, 1.0)
    return make_network(model, Images(1, (size, size), 10), transformer, np.random.default_rng(0))


def batch_of(size: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Noise: how long a step takes does not depend on what is learned."""
    rng = np.random.default_rng(1)
    return rng.random((count, 1, size, size), np.float32), rng.integers(0, 10, count)


def warpkit_step(model: str, size: int, count: int, threads: int) -> Run:
    wk.set_num_threads(threads)
    network, (images, labels) = network_of(model, size), batch_of(size, count)
    optimizer = nn.Adam(network, LEARNING_RATE)

    def step() -> None:
        network.zero_grad()
        nn.cross_entropy(network(images), labels).backward()
        optimizer.step()

    return step


def torch_step(model: str, size: int, count: int, threads: int) -> Run:
    import torch

    from .torch_network import as_torch

    torch.set_num_threads(threads)
    network = as_torch(network_of(model, size))
    images, labels = map(torch.from_numpy, batch_of(size, count))
    optimizer = torch.optim.Adam(network.parameters(), LEARNING_RATE)

    def step() -> None:
        optimizer.zero_grad()
        torch.nn.functional.cross_entropy(network(images), labels).backward()
        optimizer.step()

    return step


def drawing_of_r(model: str, size: int, count: int, threads: int) -> Run:
    """Turn as many images at random, as the experiment R does."""
    del model
    wk.set_num_threads(threads)
    rng, (images, _) = np.random.default_rng(2), batch_of(size, count)
    distort: Any = distorted_digits()["R"]
    return lambda: distort.distort(images, rng)


RUNS: dict[str, Callable[[str, int, int, int], Run]] = {
    "warpkit": warpkit_step,
    "torch": torch_step,
    DRAWING: drawing_of_r,
}


if __name__ == "__main__":
    sys.exit(main())
