"""What is measured: one function for each table, which yields its rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

import warpkit as wk

from .brains import brains
from .histology import histology
from .homographies import NAMES, Pair, apply, corners, read_pairs
from .peers import ecc, ecc_multi_scale, sift_magsac
from .slices import slices
from .timing import timed
from .unrelated import unrelated
from .volumes import volumes

Row = dict[str, str]

SIGMA = 16.0  # pixels
SEEDS = range(8)
SAME = 2.0  # pixels
UNJUDGED = ("WhiteBoard", "Eiffel", "LePoint2")  # of these ECC leaves the true answer, or hardly finds it


def homographies(names: tuple[str, ...] = NAMES) -> Iterator[Row]:
    """From no guess: the error of each way in pixels, and whether warpkit says that it converged."""
    for pair in read_pairs(names):
        result, seconds = timed(lambda pair=pair: wk.register(pair.fixed, pair.moving, "projective"))
        yield {
            "pair": pair.name,
            "limit": f"{pair.limit:.1f}",
            "register": verdict(pair, homography_of(result)),
            "converged": "yes" if result.converged else "no",
            "seconds": f"{seconds:.1f}",
            "start": result.start,
            "ECC, multi-scale": verdict(pair, ecc_multi_scale(pair.fixed, pair.moving)),
            "SIFT, MAGSAC": verdict(pair, sift_magsac(pair.fixed, pair.moving)),
        }


def noise(names: tuple[str, ...] = NAMES) -> Iterator[Row]:
    """From the truth with its corners moved: how many end where the same way ends from the truth."""
    for pair in read_pairs(names):
        ways: dict[str, Callable[..., np.ndarray | None]] = {
            "ECC": lambda start, pair=pair: ecc(pair.fixed, pair.moving, start),
            "register": lambda start, pair=pair: homography_of(_from_start(pair, start)),
        }
        row = {"pair": pair.name + (" (not judged)" if pair.name in UNJUDGED else "")}
        both: dict[str, list[float]] = {name: [] for name in ways}
        for name, way in ways.items():
            home = way(pair.truth)
            outcomes = [timed(lambda way=way, start=start: way(start)) for start in starts(pair)]
            errors = [
                pair.error(found) if found is not None and _is_same(pair, found, home) else np.nan
                for found, _ in outcomes
            ]
            both[name] = errors
            row[f"{name}: back"] = f"{np.isfinite(errors).sum()} of {len(errors)}"
            row[f"{name}: seconds"] = f"{np.median([seconds for _, seconds in outcomes]):.2f}"
        together = np.isfinite(list(both.values())).all(axis=0)
        for name, errors in both.items():
            row[f"{name}: error"] = f"{np.median(np.array(errors)[together]):.2f}" if together.any() else ""
        yield row


def starts(pair: Pair) -> Iterator[np.ndarray]:
    """The truth with corners moved by SIGMA."""
    own = corners(pair.fixed.shape)
    for seed in SEEDS:
        moved = apply(pair.truth, own) + np.random.default_rng(seed).normal(0, SIGMA, own.shape)
        start = wk.Projective.from_points(own, moved, frame="pixel")
        assert isinstance(start, wk.Projective)
        yield start.theta[0] / start.theta[0, 2, 2]


def verdict(pair: Pair, matrix: np.ndarray | None) -> str:
    """The error in pixels, bold where the answer is right."""
    if matrix is None:
        return "none"
    error = pair.error(matrix)
    return f"**{error:.2f}**" if error <= pair.limit else f"{error:.0f}"


def homography_of(result: wk.RegistrationResult) -> np.ndarray:
    """As a matrix (3, 3)."""
    theta = np.asarray(wk.Projective.of(result.transform).theta[0])
    return theta / theta[2, 2]


def _from_start(pair: Pair, start: np.ndarray) -> wk.RegistrationResult:
    init = wk.Projective(start[None], frame="pixel")
    return wk.register(pair.fixed, pair.moving, "projective", init=init)


def _is_same(pair: Pair, one: np.ndarray, other: np.ndarray | None) -> bool:
    if other is None:
        return False
    apart = apply(one, pair.points) - apply(other, pair.points)
    return float(np.linalg.norm(apart, axis=1).mean()) <= SAME


RUNS: dict[str, Callable[..., Iterator[Row]]] = {
    "homographies": homographies,
    "noise": noise,
    "unrelated": unrelated,
    "slices": slices,
    "brains": brains,
    "volumes": volumes,
    "histology": histology,
}
