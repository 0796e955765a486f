"""Images of different things: nothing is right, and nothing may be believed.

Photos of different scenes; the two halves of a photo, which share nothing; noise, coarse and fine, against
noise and against photos; and photos against an image that is flat, or nearly so.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator

import numpy as np

import warpkit as wk

from .homographies import NAMES, read_pairs

Row = dict[str, str]
Images = tuple[np.ndarray, np.ndarray]

SCENES = tuple(name for name in NAMES if not name.startswith("graf") or name == "graf3")
DEFORMED = ("ncc", "lncc", "mi")  # the metrics of deformations
NOISES = 8
NOISE_SHAPE = (300, 400)
BLURS = (1.0, 3.0, 8.0)  # pixels
FAINT = 1e-3  # grey values


def photos_of_other_scenes(names: tuple[str, ...] = NAMES) -> Iterator[Images]:
    """Each fixed image against the moving images of other pairs."""
    pairs = list(read_pairs(tuple(name for name in SCENES if name in names)))
    for one, other in itertools.permutations(pairs, 2):
        yield one.fixed, other.moving


def halves_of_a_photo(names: tuple[str, ...] = NAMES) -> Iterator[Images]:
    """Left and right, upper and lower."""
    for pair in read_pairs(tuple(name for name in SCENES if name in names)):
        height, width = pair.fixed.shape
        yield pair.fixed[:, : width // 2], pair.fixed[:, width - width // 2 :]
        yield pair.fixed[: height // 2], pair.fixed[height - height // 2 :]


def noise(names: tuple[str, ...] = NAMES) -> Iterator[Images]:
    """Of the same fineness, against each other; and against photos."""
    photos = itertools.cycle(read_pairs(tuple(name for name in SCENES if name in names)))
    for seed, blur in itertools.product(range(NOISES), BLURS):
        yield _noise(seed, blur), _noise(seed + NOISES, blur)
        yield next(photos).fixed, _noise(seed, blur)


def flat_images(names: tuple[str, ...] = NAMES) -> Iterator[Images]:
    """A photo against one value everywhere, and against the same with faint noise."""
    for number, pair in enumerate(read_pairs(tuple(name for name in SCENES if name in names))):
        flat = np.full(pair.fixed.shape, 100.0)
        yield pair.fixed, flat
        yield flat + FAINT * np.random.default_rng(number).standard_normal(flat.shape), pair.moving


KINDS: dict[str, Callable[..., Iterator[Images]]] = {
    "photos of other scenes": photos_of_other_scenes,
    "the halves of a photo": halves_of_a_photo,
    "noise": noise,
    "a flat image": flat_images,
}


def unrelated(names: tuple[str, ...] = NAMES) -> Iterator[Row]:
    """Images of different things, by homographies and by deformations: how many are believed."""
    ways = [("projective", "ncc", 0), *(("diffeomorphic", metric, 1) for metric in DEFORMED)]
    for (kind, images), way in itertools.product(KINDS.items(), ways):
        yield _row(kind, list(images(names)), *way)


def _row(kind: str, pairs: list[Images], transform: str, metric: str, finest_level: int) -> Row:
    from tqdm import tqdm

    refused = believed = overlapping = 0
    most = (0, 1)
    for fixed, moving in tqdm(pairs, desc=f"{kind}, {transform}, {metric}", leave=False):
        try:
            result = wk.register(fixed, moving, transform, metric, finest_level=finest_level)
        except ValueError:  # one of them is constant
            refused += 1
            continue
        believed += result.converged
        overlapping += result.overlap > 0.5
        found = result.agreement.near, max(result.agreement.tiles, 1)
        most = max(most, found, key=lambda parts: parts[0] / parts[1])
    return {
        "images": kind,
        "transform": f'"{transform}", "{metric}"',
        "pairs": str(len(pairs)),
        "refused": str(refused),
        "overlap by more than half": str(overlapping),
        "converged": str(believed),
        "most parts agree": f"{most[0]} of {most[1]}",
    }


def _noise(seed: int, blur: float) -> np.ndarray:
    from scipy.ndimage import gaussian_filter

    values = gaussian_filter(np.random.default_rng(seed).standard_normal(NOISE_SHAPE), blur)
    return (128 + 40 * values / values.std()).clip(0, 255).astype(np.uint8)
