"""Measures warps that shrink photographs: their quality beside other remedies for aliasing, and their time.

    python -m benchmarks.bench_footprint_sample [--size 1024]

Quality is the peak signal-to-noise ratio, in dB, to the mean of the photograph over each output pixel: of
32 x 32 samples of it, piecewise constant. The photographs come with scikit-image; colours are averaged, and
values are from 0 to 1. Gains are over plain linear sampling: their mean and their least over the photographs.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np
import skimage.data
from scipy import ndimage

import warpkit as wk
from warpkit.transforms import AbstractTransform

PHOTOGRAPHS = ("camera", "astronaut", "coffee", "chelsea", "rocket", "gravel", "coins")

# By how much x and y of the output shrink, a turn of the input in degrees, and a shear of the output.
CASES = {
    "8 times, turned 30 degrees": (8, 8, 30, 0.0),
    "7.3 times, turned 17 degrees": (7.3, 7.3, 17, 0.0),
    "2 times, turned 30 degrees": (2, 2, 30, 0.0),
    "1.2 times, turned 30 degrees": (1.2, 1.2, 30, 0.0),
    "8 times along x alone, turned and sheared": (8, 1, 30, 0.5),
}

Photo = np.ndarray
Method = Callable[[Photo, np.ndarray, tuple[int, ...]], Photo]


def photograph(name: str) -> Photo:
    photo = getattr(skimage.data, name)().astype(np.float64) / 255
    return photo if photo.ndim == 2 else photo.mean(axis=-1)


def make_map(photo: Photo, name: str) -> tuple[np.ndarray, tuple[int, ...]]:
    """theta in pixels about a point near the photograph's centre, and an output that stays inside of it."""
    along_x, along_y, degrees, shear = CASES[name]
    angle = np.deg2rad(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    matrix = turn @ np.diag([along_x, along_y]) @ np.array([[1.0, shear], [0.0, 1.0]])
    length = int(min(photo.shape) / max(along_x, along_y) / 1.5)
    centre = (np.array(photo.shape[::-1]) - 1) / 2 + [0.37, 0.26]
    offset = centre - matrix @ np.full(2, (length - 1) / 2)
    return np.concatenate([matrix, offset[:, None]], axis=1)[None], (length, length)


def plain(photo: Photo, theta: np.ndarray, shape: tuple[int, ...]) -> Photo:
    return wk.warp(photo, wk.Affine(theta, frame="pixel"), shape, boundary="border")


def antialias(photo: Photo, theta: np.ndarray, shape: tuple[int, ...]) -> Photo:
    return wk.warp(photo, wk.Affine(theta, frame="pixel"), shape, boundary="border", antialias=True)


def shifted(theta: np.ndarray, offset: np.ndarray) -> np.ndarray:
    """The map after a shift of the output."""
    moved = theta.copy()
    moved[0, :, 2] += theta[0, :, :2] @ offset
    return moved


def midpoints(n: int) -> np.ndarray:
    return (np.arange(n) + 0.5) / n - 0.5


def supersampled(photo: Photo, theta: np.ndarray, shape: tuple[int, ...], n: int = 2) -> Photo:
    """The mean of n x n samples that are spread evenly over the output pixel."""
    offsets = [np.array([x, y]) for y in midpoints(n) for x in midpoints(n)]
    return np.mean([plain(photo, shifted(theta, offset), shape) for offset in offsets], axis=0)


def stretch(theta: np.ndarray) -> np.ndarray:
    """The singular values, the larger one first."""
    return np.linalg.svd(theta[0, :, :2])[1]


def gaussian(photo: Photo, theta: np.ndarray, shape: tuple[int, ...]) -> Photo:
    """A Gaussian before sampling, of the variance that the footprint has beyond a pixel's."""
    sigma = np.sqrt(max(0, (stretch(theta)[0] ** 2 - 1) / 12))
    return plain(ndimage.gaussian_filter(photo, sigma, mode="nearest"), theta, shape)


def pyramid(photo: Photo) -> list[Photo]:
    """Means of 2 x 2 pixels, of those again, and so on."""
    levels = [photo]
    while min(levels[-1].shape) > 1:
        levels.append(wk.ops.avg_pool(levels[-1][None, None], 2)[0, 0])
    return levels


def trilinear(
    photo: Photo, theta: np.ndarray, shape: tuple[int, ...], sample: Method = plain, length: float = 0.0
) -> Photo:
    """Two levels of a pyramid, the finer and the coarser than `length`, mixed (mip-mapping)."""
    at = np.log2(max(1.0, length or stretch(theta)[0]))

    def level(k: int) -> Photo:
        scaled = theta / 2**k
        scaled[0, :, 2] -= (2**k - 1) / 2 ** (k + 1)
        return sample(pyramid(photo)[k], scaled, shape)

    fine, mix = int(at), at - int(at)
    return level(fine) if mix < 1e-9 else (1 - mix) * level(fine) + mix * level(fine + 1)


def anisotropic(photo: Photo, theta: np.ndarray, shape: tuple[int, ...]) -> Photo:
    """Up to 16 trilinear probes along the footprint's longer axis, each as wide as its shorter one."""
    _, (longer, shorter), axes = np.linalg.svd(theta[0, :, :2])
    probes = int(np.clip(np.ceil(longer / shorter - 1e-4), 1, 16))

    def sample(level: Photo, scaled: np.ndarray, shape: tuple[int, ...]) -> Photo:
        return np.mean([plain(level, shifted(scaled, axes[0] * o), shape) for o in midpoints(probes)], axis=0)

    return trilinear(photo, theta, shape, sample, longer / probes)


METHODS: dict[str, Method] = {
    "plain": plain,
    "2 x 2 samples": supersampled,
    "Gaussian": gaussian,
    "trilinear": trilinear,
    "anisotropic": anisotropic,
    "antialias=True": antialias,
}


def reference(photo: Photo, transform: AbstractTransform, shape: tuple[int, ...], n: int = 32) -> Photo:
    """The mean over each output pixel, of n x n samples of the photograph as it is."""
    height, width = photo.shape
    y, x = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    total = np.zeros(shape)
    for dy in midpoints(n):
        for dx in midpoints(n):
            places = transform(np.stack([x + dx, y + dy], axis=-1).reshape(-1, 2))[0].reshape(*shape, 2)
            column, row = np.rint(places[..., 0]).astype(int), np.rint(places[..., 1]).astype(int)
            total += photo[row.clip(0, height - 1), column.clip(0, width - 1)]
    return total / n**2


def decibels(found: Photo, expected: Photo) -> float:
    return float(-10 * np.log10(np.mean((found - expected) ** 2)))


def print_row(name: str, values: list[float]) -> None:
    print(f"{name:>10} " + " ".join(f"{value:14.1f}" for value in values))


def print_quality(case: str) -> None:
    print(f"\n{case}\n" + " " * 11 + " ".join(f"{name:>14}" for name in METHODS))
    rows = []
    for name in PHOTOGRAPHS:
        photo = photograph(name)
        theta, shape = make_map(photo, case)
        expected = reference(photo, wk.Affine(theta, frame="pixel"), shape)
        rows.append([decibels(method(photo, theta, shape), expected) for method in METHODS.values()])
        print_row(name, rows[-1])
    gains = np.array(rows) - np.array(rows)[:, :1]
    print_row("mean gain", list(gains.mean(axis=0)))
    print_row("least gain", list(gains.min(axis=0)))


def curved_maps(photo: Photo) -> dict[str, AbstractTransform]:
    """A plane that is seen from the side, and a spline; both shrink by 2 to 10 into 50 x 50 pixels."""
    height, width = photo.shape
    corners = np.array([[0.0, 0.0], [49.0, 0.0], [49.0, 49.0], [0.0, 49.0]])
    seen = np.array([[0.05, 0.05], [0.9, 0.1], [0.6, 0.45], [0.3, 0.4]]) * 2 * [width / 2, height / 2]
    points = np.concatenate([corners, [[24.0, 24.0]]])
    bent = np.array([[0.05, 0.05], [0.95, 0.1], [0.9, 0.9], [0.1, 0.95], [0.35, 0.4]]) * [width, height]
    return {
        "Projective": wk.Projective.from_points(corners, seen, frame="pixel"),
        "ThinPlateSpline": wk.ThinPlateSpline.from_points(points, bent, frame="pixel"),
    }


def print_curved() -> None:
    print("\nother classes: plain, antialias=True, gain")
    for name in PHOTOGRAPHS:
        photo = photograph(name)
        for kind, transform in curved_maps(photo).items():
            expected = reference(photo, transform, (50, 50))
            found = [
                decibels(wk.warp(photo, transform, (50, 50), boundary="border", antialias=way), expected)
                for way in (False, True)
            ]
            print(f"{name:>10} {kind:>16} {found[0]:6.1f} {found[1]:6.1f} {found[1] - found[0]:6.1f}")


def milliseconds(run: Callable[[], object], rounds: int = 15) -> float:
    """The least of several rounds: whatever else the machine does only adds to it."""
    times = []
    for _ in range(rounds + 1):
        start = time.perf_counter()
        run()
        times.append(time.perf_counter() - start)
    return 1e3 * min(times[1:])


def print_times(size: int) -> None:
    print(f"\nan image of {size} x {size} in float32, turned 30 degrees: milliseconds")
    print("shrunk by    plain  Gaussian  antialias=True   with all gradients:   plain  antialias=True")
    image = np.random.default_rng(0).random((size, size), dtype=np.float32)
    # In the default frame, an output of fewer pixels shrinks by itself.
    theta = wk.Rigid(np.array([np.pi / 6]), np.zeros((1, 2))).to_affine().theta
    for factor in (1, 1.5, 2, 4, 8):
        sigma, shape = np.sqrt((factor**2 - 1) / 12), (int(size / factor),) * 2

        def value(antialias: bool, image: Photo = image, shape: tuple[int, ...] = shape) -> None:
            wk.warp(image, wk.Affine(theta), shape, antialias=antialias)

        def gradients(antialias: bool, shape: tuple[int, ...] = shape) -> None:
            variables = wk.Variable(image), wk.Variable(theta)
            out = wk.warp(variables[0], wk.Affine(variables[1]), shape, antialias=antialias)
            wk.grad(out.sum(), variables)

        times = (
            milliseconds(lambda value=value: value(False)),
            milliseconds(lambda value=value, s=sigma: value(False, ndimage.gaussian_filter(image, s))),
            milliseconds(lambda value=value: value(True)),
            milliseconds(lambda gradients=gradients: gradients(False)),
            milliseconds(lambda gradients=gradients: gradients(True)),
        )
        print("{:>9} {:8.2f} {:9.1f} {:15.1f} {:29.1f} {:15.1f}".format(factor, *times))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--size", type=int, default=1024, help="of the image that is timed")
    options = parser.parse_args()
    for case in CASES:
        print_quality(case)
    print_curved()
    print_times(options.size)


if __name__ == "__main__":
    main()
