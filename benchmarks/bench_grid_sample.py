"""Times grid_sample and its vjp against PyTorch, OpenCV and SciPy.

    python -m benchmarks.bench_grid_sample [--size 1024] [--channels 1] [--threads 2] [--json]

Each library runs in a process of its own, with the same inputs and the same number of threads (SciPy has one,
and so has PyTorch for a batch of one: it shares out batch items). Rounds alternate between the libraries, so
whatever else the machine does meets all of them. Printed are medians over rounds, and how many times as long
as warpkit each library takes.
"""

from __future__ import annotations

import argparse
import json
import math
import multiprocessing
import os
import statistics
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

import numpy as np

LIBRARIES = ("warpkit", "torch", "opencv", "scipy")

# theta of the affine maps (x, y) -> theta @ (x, y, 1), in normalized coordinates.
MAPS = {
    "affine": ((0.9, 0.1, 0.05), (-0.1, 0.95, 0.02)),
    "identity": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    "quarter turn": ((0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    "zoom out": ((1.5, 0.4, 0.05), (-0.4, 1.4, 0.02)),
}

Runner = Callable[[], Any]


def make_inputs(options: argparse.Namespace, name: str) -> tuple[np.ndarray, np.ndarray]:
    """An image (n, c, h, w) and a normalized grid (n, h, w, 2)."""
    size, dtype = options.size, np.dtype(options.dtype)
    image = np.random.default_rng(0).random((options.batch, options.channels, size, size)).astype(dtype)
    centres = (2 * np.arange(size) + 1) / size - 1
    x, y = np.meshgrid(centres, centres)
    (a, b, c), (d, e, f) = MAPS[name]
    grid = np.stack([a * x + b * y + c, d * x + e * y + f], -1).astype(dtype)
    return image, np.repeat(grid[None], options.batch, axis=0)


def warpkit_runner(options: argparse.Namespace, name: str, task: str) -> Runner:
    from warpkit._core._threads import set_num_threads
    from warpkit.sampling import grid_sample

    set_num_threads(options.threads)
    image, grid = make_inputs(options, name)
    if task == "forward":
        return lambda: grid_sample(image, grid)
    ct_out = np.ones_like(image)
    needs = (task in ("vjp", "vjp image"), task in ("vjp", "vjp grid"))
    return lambda: grid_sample.vjp(ct_out, image, grid, needs=needs)


def torch_runner(options: argparse.Namespace, name: str, task: str) -> Runner:
    import torch

    torch.set_num_threads(options.threads)
    image, grid = (torch.from_numpy(array) for array in make_inputs(options, name))
    if task == "forward":
        return lambda: torch.nn.functional.grid_sample(image, grid, align_corners=False)
    ct_out = torch.ones_like(image)
    needs = [task in ("vjp", "vjp image"), task in ("vjp", "vjp grid")]
    backward = torch.ops.aten.grid_sampler_2d_backward
    return lambda: backward(ct_out, image, grid, 0, 0, False, needs)


def opencv_runner(options: argparse.Namespace, name: str, task: str) -> Runner:
    import cv2

    if task != "forward" or options.batch != 1 or options.channels > 4:
        raise NotImplementedError
    cv2.setNumThreads(options.threads)
    image, grid = make_inputs(options, name)
    image = np.ascontiguousarray(image[0].transpose(1, 2, 0))
    maps = ((grid[0] * options.size + options.size - 1) / 2).astype(np.float32)
    x, y = (np.ascontiguousarray(maps[..., axis]) for axis in (0, 1))
    return lambda: cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def scipy_runner(options: argparse.Namespace, name: str, task: str) -> Runner:
    from scipy import ndimage

    if task != "forward":
        raise NotImplementedError
    image, grid = make_inputs(options, name)
    points = np.moveaxis((grid[..., ::-1] * options.size + options.size - 1) / 2, -1, 1)

    def run() -> None:
        for item, where in zip(image, points, strict=True):
            for channel in item:
                ndimage.map_coordinates(channel, where, order=1, mode="grid-constant")

    return run


RUNNERS = {
    "warpkit": warpkit_runner,
    "torch": torch_runner,
    "opencv": opencv_runner,
    "scipy": scipy_runner,
}


def serve(library: str, options: argparse.Namespace, pipe: Connection) -> None:
    """One library's process: builds cases and times rounds on request."""
    runner: Runner = object
    while True:
        request = pipe.recv()
        if request is None:
            return
        if isinstance(request, tuple):
            try:
                runner = RUNNERS[library](options, *request)
                runner()
                pipe.send("ready")
            except ImportError:
                pipe.send("not installed")
            except NotImplementedError:
                pipe.send("does not do this")
        else:
            pipe.send(time_round(runner))


def time_round(runner: Runner) -> float:
    """Seconds of one call: the median of as many as fill a twentieth of a second, at least one."""
    times = []
    end = time.perf_counter() + 0.05
    while not times or time.perf_counter() < end:
        start = time.perf_counter()
        runner()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def measure(options: argparse.Namespace) -> dict[str, dict[str, float | str]]:
    """Medians in seconds, or why there is none, by case and library."""
    for variable in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
        os.environ[variable] = str(options.threads)
    context = multiprocessing.get_context("spawn")
    pipes, processes = {}, []
    for library in options.libraries:
        pipes[library], other = context.Pipe()
        process = context.Process(target=serve, args=(library, options, other), daemon=True)
        process.start()
        processes.append(process)
    results: dict[str, dict[str, float | str]] = {}
    for name in options.maps:
        for task in options.tasks:
            results[f"{name}, {task}"] = measure_case(pipes, (name, task), options.rounds)
    for pipe in pipes.values():
        pipe.send(None)
    for process in processes:
        process.join()
    return results


def measure_case(pipes: dict[str, Connection], case: tuple[str, str], rounds: int) -> dict[str, float | str]:
    answers: dict[str, float | str] = {}
    for library, pipe in pipes.items():
        pipe.send(case)
        answers[library] = pipe.recv()
    times: dict[str, list[float]] = {key: [] for key, answer in answers.items() if answer == "ready"}
    for _ in range(rounds):
        for library, seconds in times.items():
            pipes[library].send("round")
            seconds.append(pipes[library].recv())
    return answers | {library: statistics.median(seconds) for library, seconds in times.items()}


def table(results: dict[str, dict[str, float | str]], libraries: list[str]) -> str:
    """Milliseconds, and in parentheses how many times warpkit's."""
    lines = [f"{'':<28}" + "".join(f"{library:>20}" for library in libraries)]
    for case, answers in results.items():
        ours = answers.get("warpkit", math.nan)
        cells = []
        for library in libraries:
            answer = answers[library]
            if isinstance(answer, str):
                cells.append(answer)
            elif library == "warpkit" or isinstance(ours, str):
                cells.append(f"{answer * 1e3:.2f} ms")
            else:
                cells.append(f"{answer * 1e3:.2f} ms ({answer / ours:.2f}x)")
        lines.append(f"{case:<28}" + "".join(f"{cell:>20}" for cell in cells))
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--size", type=int, default=1024, help="pixels along each axis of image and output")
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--channels", type=int, default=1)
    parser.add_argument("--dtype", choices=["float32", "float64"], default="float32")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=11)
    parser.add_argument("--libraries", nargs="+", choices=LIBRARIES, default=list(LIBRARIES))
    parser.add_argument("--maps", nargs="+", choices=list(MAPS), default=list(MAPS))
    tasks = ["forward", "vjp", "vjp image", "vjp grid"]
    parser.add_argument("--tasks", nargs="+", choices=tasks, default=["forward", "vjp"])
    parser.add_argument("--json", action="store_true", help="print JSON: seconds by case and library")
    options = parser.parse_args()
    results = measure(options)
    print(json.dumps(results, indent=2) if options.json else table(results, options.libraries))


if __name__ == "__main__":
    main()
