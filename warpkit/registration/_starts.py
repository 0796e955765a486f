"""Where a registration starts from: what is cheap and likely first.

A start is worth what the refinement makes of it, and the refined answers are judged by how many parts of the
images agree, not by what was made least.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from warpkit._core import to_numpy
from warpkit.transforms import AbstractMatrix, Rigid, Similarity, Translation

from ._features import FULL, feature_start
from ._fourier import fourier_mellin_starts, phase_start
from ._mass import Mass, axes_starts, shift_start, turn_starts
from ._matrix_groups import map_points, scaling
from ._refine import Pair

Start = tuple[str, np.ndarray]


def identity_start(pair: Pair) -> Iterator[Start]:
    """Every point where it is; the middles on each other if the images do not have the same shape."""
    fixed, moving = pair.fixed[0], pair.moving[0]
    if fixed.shape == moving.shape and np.array_equal(fixed.to_space, moving.to_space):
        yield "identity", np.eye(pair.group.ndim + 1)
    else:
        one, other = (
            level.to_space[:-1, :-1] @ ((np.array(level.shape[::-1]) - 1) / 2) + level.to_space[:-1, -1]
            for level in (fixed, moving)
        )
        yield "middles", scaling([1.0] * pair.group.ndim, list(other - one))


def feature_starts(pair: Pair) -> Iterator[Start]:
    """From features, in 2D: of smaller images, of larger ones, and of tilted views."""
    if pair.group.ndim != 2:
        return
    one, other = _grey(pair)
    ways: list[tuple[str, dict[str, Any]]] = [
        ("features", {}),
        ("features at full size", {"longest": FULL}),
        ("features of tilted views", {"tilted": True}),
    ]
    for name, options in ways:
        pixels = feature_start(one, other, pair.group.name, **options)
        if pixels is not None:
            yield name, _in_space(pair, pixels)


def phase_starts(pair: Pair) -> Iterator[Start]:
    """A shift, from the phases of the spectra."""
    yield "phase correlation", _in_space(pair, phase_start(*_grey(pair)), Translation)


def fourier_starts(pair: Pair) -> Iterator[Start]:
    """Rotations and scales in 2D, as far as the group has them, from the amplitudes of the spectra."""
    if pair.group.ndim == 2 and pair.group.name != "translation":
        starts = fourier_mellin_starts(*_grey(pair), scaled=pair.group.name != "rigid")
        for number, pixels in enumerate(starts, 1):
            yield f"Fourier-Mellin, {number}", _in_space(pair, pixels)


def mass_starts(pair: Pair) -> Iterator[Start]:
    """The centres of mass on each other, or the middles where there is no mass; a mask leaves mass out."""
    masses = _masses(pair)
    if masses is None:
        yield from identity_start(pair)
    else:
        yield "centres of mass", shift_start(*masses)


def moments_starts(pair: Pair) -> Iterator[Start]:
    """The principal axes of the masses on each other, and for groups that can the masses made as large."""
    masses = _masses(pair)
    if masses and all(mass.size > 0 for mass in masses) and pair.group.name != "translation":
        starts = axes_starts(*masses, scaled=pair.group.name != "rigid")
        for number, start in enumerate(starts, 1):
            yield f"moments, {number}", start


def rotation_starts(pair: Pair) -> Iterator[Start]:
    """Turns about the centres of mass, those that look best."""
    masses = _masses(pair)
    if masses and all(mass.size > 0 for mass in masses) and pair.group.name != "translation":
        for number, start in enumerate(turn_starts(pair, *masses), 1):
            yield f"rotations, {number}", start


def _masses(pair: Pair) -> tuple[Mass, Mass] | None:
    """Where the two images' masses are. Small images say it as well, unless a mask leaves out all of them."""
    for level in (pair.scout_level, 0):
        small = pair.from_level(level)
        one, other = (
            Mass.of(image, None if one.weights is None else to_numpy(one.weights), one.to_space)
            for image, one in zip(_grey(small), (small.fixed[0], small.moving[0]), strict=True)
        )
        if one is not None and other is not None:
            return one, other
    return None


def _grey(pair: Pair) -> tuple[np.ndarray, np.ndarray]:
    """Of each image the mixture of its channels that varies most; what a mask leaves out is 0."""
    one, other = (_mixture(to_numpy(levels[0].image)) for levels in (pair.fixed, pair.moving))
    return one, other


def _mixture(channels: np.ndarray) -> np.ndarray:
    """Their first principal component, in which the channel that counts most is not inverted."""
    if len(channels) == 1:
        return channels[0]
    flat = channels.reshape(len(channels), -1).astype(np.float64)
    component = np.linalg.eigh(flat @ flat.T)[1][:, -1]
    return np.tensordot(component * np.sign(component[abs(component).argmax()]), channels, axes=1)


def _in_space(pair: Pair, pixels: np.ndarray, kind: Any = None) -> np.ndarray:
    """The map in space that is `pixels` from pixels to pixels; the nearest one of `kind`, or of the group.

    Pixels of another size or direction make of a shift of pixels something else in the world.
    """
    matrix = pair.moving[0].to_space @ pixels @ np.linalg.inv(pair.fixed[0].to_space)
    kind = kind or {"translation": Translation, "rigid": Rigid, "similarity": Similarity}.get(pair.group.name)
    points = pair.steps().points
    nearest = kind.from_points(points, map_points(matrix, points), frame="pixel") if kind else None
    if not isinstance(nearest, AbstractMatrix):
        return matrix
    return np.asarray(nearest.to_projective().theta[0], np.float64)


QUICK: dict[str, Callable[[Pair], Iterator[Start]]] = {
    "identity": identity_start,
    "phase": phase_starts,
    "mass": mass_starts,
}
"""All of these are tried: where images repeat themselves the first that fits need not be the best."""

THOROUGH: dict[str, Callable[[Pair], Iterator[Start]]] = {
    "features": feature_starts,
    "fourier": fourier_starts,
    "moments": moments_starts,
    "rotations": rotation_starts,
}
"""These are tried in turn, until the images agree."""

IN_THE_PLANE = ("features", "fourier")
"""These there are in 2D alone."""

TURNS = ("moments", "rotations")
"""These are for maps that can turn."""

STARTS = ("auto", *QUICK, *THOROUGH)
"""What may be asked for by name."""
