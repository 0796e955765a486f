"""How fast warpkit has to be: the least ratios to other libraries, and shares of the copy bandwidth."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from .cases import ANGLES, CONTROL_POINTS, FORWARD, Case, all_gradients, parameter_gradient
from .libraries import COPY, REFERENCE
from .measure import Measurement
from .report import find, ratio, share_of_copy

ONE = (1, 1, 1024, 1024)
THREE = (1, 3, 1024, 1024)
LARGE = (1, 1, 4096, 4096)
VOLUME = (1, 1, 128, 128, 128)


@dataclass(frozen=True)
class Floor:
    """The least that `peer`'s time over warpkit's may be; for the copy, the least share of its bandwidth."""

    case: Case
    peer: str
    least: float

    def measured(self, measurements: Iterable[Measurement]) -> float | str:
        """The ratio or share, or why there is none."""
        same = [measurement for measurement in measurements if measurement.case == self.case]
        ours, other = find(same, REFERENCE), find(same, self.peer)
        if ours is None or other is None:
            return "not measured"
        value = share_of_copy(ours, same) if self.peer == COPY else ratio(other, same)
        if value is None:
            states = {found.library: found.prepared.state for found in (ours, other) if not found.rounds}
            return "; ".join(f"{library}: {state}" for library, state in states.items())
        return value


def all_floors() -> list[Floor]:
    return [*_grid_sample(), *_warp_affine(), *_volumes(), *_splines(), *_bandwidth()]


def _grid_sample() -> Iterator[Floor]:
    least = {
        ONE: 3.0,
        THREE: 2.5,
        (8, 3, 512, 512): 2.5,
        (16, 64, 56, 56): 1.5,
        (32, 256, 14, 14): 2.0,
        (256, 1, 28, 28): 1.3,
    }
    for shape, times in least.items():
        yield Floor(Case("grid_sample", FORWARD, shape), "torch", times)
    yield Floor(Case("grid_sample", FORWARD, ONE), "opencv", 1.0)
    yield Floor(Case("grid_sample", FORWARD, ONE), "scipy", 15.0)


def _warp_affine() -> Iterator[Floor]:
    theta, everything = parameter_gradient("warp_affine"), all_gradients("warp_affine")
    for shape in (ONE, THREE):
        for gradients, times in ((FORWARD, 5.0), (theta, 6.0), (everything, 4.0)):
            yield Floor(Case("warp_affine", gradients, shape), "torch", times)
    for shape in ((256, 1, 28, 28), (16, 64, 56, 56)):
        yield Floor(Case("warp_affine", everything, shape), "torch", 2.0)
    for shape, times in ((ONE, 1.0), (LARGE, 1.3)):
        for angle in ANGLES:
            yield Floor(Case("warp_affine", FORWARD, shape, angle), "opencv", times)


def _volumes() -> Iterator[Floor]:
    yield Floor(Case("grid_sample", FORWARD, VOLUME), "torch", 6.0)
    yield Floor(Case("grid_sample", all_gradients("grid_sample"), VOLUME), "torch", 5.0)
    yield Floor(Case("warp_affine", FORWARD, VOLUME), "torch", 8.0)


def _splines() -> Iterator[Floor]:
    for count in CONTROL_POINTS:
        case = Case("warp_tps", parameter_gradient("warp_tps"), (1, 1, 512, 512), 0.0, control_points=count)
        yield Floor(case, "kornia", 3.0)


def _bandwidth() -> Iterator[Floor]:
    for angle in ANGLES:
        yield Floor(Case("warp_affine", FORWARD, LARGE, angle), COPY, 0.35)


def check(floors: Sequence[Floor], measurements: Sequence[Measurement]) -> tuple[str, bool]:
    """The table of floors with what was measured, and whether all of them hold. What has no number fails."""
    lines = [f"{'':<58}{'against':<13}{'floor':>7}  {'measured':<9}"]
    passed = 0
    for floor in floors:
        value = floor.measured(measurements)
        good = not isinstance(value, str) and value >= floor.least
        passed += good
        form = "{:.0%}" if floor.peer == COPY else "{:.2f}x"
        found = value if isinstance(value, str) else form.format(value)
        lines.append(
            f"{floor.case.name:<58}{floor.peer:<13}{form.format(floor.least):>7}  {found:<9} "
            + ("pass" if good else "FAIL")
        )
    lines.append(f"{passed} of {len(floors)} pass")
    return "\n".join(lines), passed == len(floors)
