"""What is measured: an op, how far it is differentiated, a shape, and a map of coordinates."""

from __future__ import annotations

import fnmatch
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

SHAPES = (
    (1, 1, 1024, 1024),
    (1, 3, 1024, 1024),
    (8, 3, 512, 512),
    (16, 64, 56, 56),
    (32, 256, 14, 14),
    (256, 1, 28, 28),
    (1, 1, 4096, 4096),
    (1, 1, 128, 128, 128),
    (2, 8, 64, 64, 64),
    (1, 1, 256, 256, 256),
)
ANGLES = (0.0, 0.05, 0.3, 1.2)
CONTROL_POINTS = (16, 100)

# The argument beside the image that each op is differentiated by.
PARAMETERS = {"grid_sample": "grid", "warp_affine": "theta", "warp_tps": "theta"}

# Which gradients are computed along with the output.
FORWARD: tuple[str, ...] = ()


def parameter_gradient(op: str) -> tuple[str, ...]:
    return (PARAMETERS[op],)


def all_gradients(op: str) -> tuple[str, ...]:
    return ("image", PARAMETERS[op])


@dataclass(frozen=True)
class Case:
    """One line of the benchmark.

    `angle` in radians about the centre of the image and `zoom` make the affine map from output to input (a
    zoom above 1 looks beyond the edges); a thin-plate spline has `control_points` instead.
    """

    op: str
    gradients: tuple[str, ...]
    shape: tuple[int, ...]
    angle: float = 0.3
    zoom: float = 1.0
    control_points: int = 0

    @property
    def name(self) -> str:
        """Such as `warp_affine/forward+theta/1x1x1024x1024/angle=0.3`."""
        names = {0: "forward", 1: "forward+" + "".join(self.gradients), 2: "forward+all"}
        if self.control_points:
            where = f"points={self.control_points}"
        else:
            where = f"angle={self.angle:g}" + (f",zoom={self.zoom:g}" if self.zoom != 1 else "")
        return "/".join([self.op, names[len(self.gradients)], "x".join(map(str, self.shape)), where])

    @property
    def ndim(self) -> int:
        return len(self.shape) - 2

    @property
    def needs(self) -> tuple[bool, bool]:
        """Whether the image's gradient is wanted, and the parameter's."""
        return "image" in self.gradients, PARAMETERS[self.op] in self.gradients

    def small(self) -> Case:
        """The same job on next to nothing: what wakes a library up."""
        return replace(self, shape=self.shape[:2] + (8,) * self.ndim)


def all_cases() -> list[Case]:
    """Every case, each once."""
    return list(dict.fromkeys([*_shapes(), *_maps(), *_splines()]))


def _shapes() -> Iterator[Case]:
    for op in ("grid_sample", "warp_affine"):
        for shape in SHAPES:
            for gradients in (FORWARD, parameter_gradient(op), all_gradients(op)):
                yield Case(op, gradients, shape)


def _maps() -> Iterator[Case]:
    """What the cost does when lines of the output cross lines of the input, or leave it.

    Without gradients where the map takes pixel centres to pixel centres: there each point is at a kink, where
    libraries that round coordinates differently take derivatives from different sides.
    """
    square = (1, 1, 1024, 1024)
    for shape in (square, (1, 1, 4096, 4096)):
        for angle in ANGLES:
            yield Case("warp_affine", FORWARD, shape, angle)
    for op in ("grid_sample", "warp_affine"):
        for angle in (0.0, math.pi / 2):
            yield Case(op, FORWARD, square, angle)
        for gradients in (FORWARD, all_gradients(op)):
            yield Case(op, gradients, square, zoom=1.5)


def _splines() -> Iterator[Case]:
    for count in CONTROL_POINTS:
        yield Case(
            "warp_tps", parameter_gradient("warp_tps"), (1, 1, 512, 512), angle=0.0, control_points=count
        )


def select(patterns: Sequence[str]) -> list[Case]:
    """The cases whose name matches one of the shell patterns; all of them where there is no pattern.

    Raises
    ------
    ValueError
        If a pattern matches nothing.
    """
    cases = all_cases()
    for pattern in patterns:
        if not any(fnmatch.fnmatchcase(case.name, pattern) for case in cases):
            raise ValueError(f"case: expected a pattern that a name in --list matches, given {pattern!r}")
    return [
        case
        for case in cases
        if not patterns or any(fnmatch.fnmatchcase(case.name, pattern) for pattern in patterns)
    ]
