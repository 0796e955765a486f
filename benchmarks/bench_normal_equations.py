"""Measures a step of Gauss-Newton: its normal equations in one pass, and with the Jacobian written out.

    python -m benchmarks.bench_normal_equations [--size 1024] [--threads 2]

An image in float32 is turned by 0.3 radians and compared with another one. "J in NumPy" is what one does
without `warp_normal_equations`: a warp, its slopes along x and y by `grid_sample`, their products with the
derivatives of the coordinates, and matrix products in BLAS, all in float64. "one vjp" is the gradient by
theta alone, J^T r.

Milliseconds, the least of several rounds; and MB that NumPy allocated at the peak.
"""

from __future__ import annotations

import argparse
import time
import tracemalloc
from collections.abc import Callable

import numpy as np

import warpkit as wk
from warpkit.transforms import AbstractTransform


def images(size: int) -> tuple[np.ndarray, np.ndarray]:
    """Moving and fixed, (1, 1, size, size): waves of 100 and 140 pixels, and the same a little further."""
    y, x = np.mgrid[:size, :size]

    def waves(shift: float) -> np.ndarray:
        return (np.sin((x - shift) / 17) + np.cos(y / 23 + x / 60)).astype(np.float32)[None, None]

    return waves(0.0), waves(1.5)


def transforms() -> dict[str, AbstractTransform]:
    matrix = np.array([[np.cos(0.3), -np.sin(0.3), 0.0], [np.sin(0.3), np.cos(0.3), 0.0]])
    axis = np.linspace(-1, 1, 4)
    points = np.stack(np.meshgrid(axis, axis), axis=-1).reshape(-1, 2)
    return {
        "affine": wk.Affine(matrix[None]),
        "16 points": wk.ThinPlateSpline((points @ matrix[:, :2].T)[None], points),
    }


def written_out(
    moving: np.ndarray, fixed: np.ndarray, transform: AbstractTransform
) -> tuple[np.ndarray, ...]:
    """J^T J, J^T r and r^T r from arrays of all points."""
    shape = fixed.shape[2:]
    grid = transform.grid(shape)
    slopes = [wk.grid_sample(moving, grid, derivative=order).reshape(-1, 1) for order in ((1, 0), (0, 1))]
    residual = (wk.warp(moving, transform, shape) - fixed).reshape(-1).astype(np.float64)
    points = wk.identity_grid(shape).reshape(-1, 2)
    if isinstance(transform, wk.ThinPlateSpline):
        basis = transform.system.basis(points[None])[0]
        jacobian = np.stack([slope * basis for slope in slopes], axis=-1).reshape(len(points), -1)
    else:
        basis = np.concatenate([points, np.ones((len(points), 1))], axis=1)
        jacobian = np.concatenate([slope * basis for slope in slopes], axis=1)
    return jacobian.T @ jacobian, jacobian.T @ residual, residual @ residual


def gradient(moving: np.ndarray, fixed: np.ndarray, transform: AbstractTransform) -> np.ndarray:
    """By theta, with any cotangent."""
    if isinstance(transform, wk.ThinPlateSpline):
        arguments = (moving, transform.theta, transform.control_points)
        return wk.warp_tps.vjp(fixed, *arguments, needs=(False, True, False))[1]
    return wk.warp_affine.vjp(fixed, moving, transform.theta, needs=(False, True))[1]


def measure(run: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Milliseconds, and MB at the peak."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    tracemalloc.start()
    run()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return 1e3 * min(times[1:]), peak / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="of the images")
    parser.add_argument("--threads", type=int, default=2, help="of warpkit")
    parser.add_argument("--rounds", type=int, default=15)
    options = parser.parse_args()
    wk.set_num_threads(options.threads)
    moving, fixed = images(options.size)
    print(f"{'':>10} {'one pass':>20} {'J in NumPy':>20} {'one vjp':>20}")
    for name, transform in transforms().items():
        arguments = (moving, fixed, transform)
        for found, expected in zip(
            wk.warp_normal_equations(*arguments), written_out(*arguments), strict=True
        ):
            error = np.abs(found[0] - expected).max() / np.abs(expected).max()
            if not error < 1e-4:  # slopes are float32
                raise RuntimeError(f"{name}: the two ways differ by {error:.1e}")
        rounds = options.rounds
        cells = (
            measure(lambda given=arguments: wk.warp_normal_equations(*given), rounds),
            measure(lambda given=arguments: written_out(*given), max(rounds // 5, 1)),
            measure(lambda given=arguments: gradient(*given), rounds),
        )
        print(f"{name:>10} " + " ".join(f"{ms:8.2f} ms {mb:5.1f} MB" for ms, mb in cells))


if __name__ == "__main__":
    main()
