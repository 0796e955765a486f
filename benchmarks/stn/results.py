"""What is kept of a run that is complete: a JSON file."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ..machine import describe_machine
from .networks import count_parameters
from .plan import Plan
from .training import Training

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "stn"
POINTS = 150  # of a learning curve


@dataclass(frozen=True)
class Result:
    plan: Plan
    figures: dict[str, float]
    parameters: int
    seconds: float
    curve: list[tuple[int, float, float]]
    machine: dict[str, str]
    commit: str


def result_of(training: Training, figures: dict[str, float]) -> Result:
    return Result(
        training.plan,
        figures,
        count_parameters(training.network),
        round(training.seconds, 1),
        thinned(training.curve),
        describe_machine(),
        commit(),
    )


def thinned(curve: list[tuple[int, float, float]]) -> list[tuple[int, float, float]]:
    """At most POINTS of them, the last among these, with four digits."""
    step = math.ceil(len(curve) / POINTS)
    kept = curve[::-1][::step][::-1] if curve else []
    return [(iteration, round(loss, 4), round(error, 4)) for iteration, loss, error in kept]


def commit() -> str:
    """Of the checkout, with a plus where it was changed since."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty=+"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"


def write(result: Result, folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{result.plan.name}.json"
    path.write_text(json.dumps(asdict(result), separators=(",", ":")) + "\n")
    return path


def read_all(folder: Path) -> Iterator[Result]:
    for path in sorted(folder.glob("*.json")):
        record: dict[str, Any] = json.loads(path.read_text())
        yield Result(**{**record, "plan": Plan(**record["plan"])})
