"""What a registration found: for machines, as JSON, and for people, in a few lines."""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import math
import platform
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import scipy

import warpkit
from warpkit._core import is_array, plain, to_numpy
from warpkit.registration import RegistrationResult
from warpkit.transforms import WORLD, AbstractAffine, AbstractMatrix, AbstractTransform

from ._convergence import size_of
from ._inputs import Input

_MANY = 64  # numbers: an array of more is a field, whose place is the transform's file
_DECIMALS = 6  # of a matrix, for people
_PLACES = 17  # along each axis of the fixed image: by these is told how far points move


def make_report(
    options: argparse.Namespace, pair: tuple[Input, Input], result: RegistrationResult, seconds: float
) -> dict[str, Any]:
    """All that can be told in JSON; what is not finite is null."""
    arguments = {name: value for name, value in vars(options).items() if name != "run"}
    agreement = {**dataclasses.asdict(result.agreement), "share": result.agreement.share}
    report = {
        "versions": {
            "warpkit": warpkit.__version__,
            "python": platform.python_version(),
            "numpy": np.__version__,
            "scipy": scipy.__version__,
        },
        "arguments": arguments,
        "images": {name: _image(image) for name, image in zip(("fixed", "moving"), pair, strict=True)},
        "converged": result.converged,
        "reason": result.reason,
        "metric": result.metric,
        "overlap": result.overlap,
        "agreement": agreement,
        "start": result.start,
        "transform": describe_transform(result.transform),
        "moves": how_far(result.transform, pair[0]),
        "iterations": [{"level": level, "count": count} for level, count in _counts(result)],
        "seconds": round(seconds, 3),
    }
    finite: dict[str, Any] = _finite(report)
    return finite


def summarise(
    options: argparse.Namespace, pair: tuple[Input, Input], result: RegistrationResult, seconds: float
) -> str:
    """A few lines, the verdict first."""
    moves = how_far(result.transform, pair[0])
    steps = [f"{count} at {size_of(level)}" for level, count in _counts(result)]
    unit = moves["unit"]
    verdict = "converged" if result.converged else "NOT CONVERGED"
    rows = [
        ("fixed", str(pair[0])),
        ("moving", str(pair[1])),
        ("transform", f"{options.transform}, of {'the world' if unit == 'mm' else 'pixels'}"),
        *(("", row) for row in _matrix_rows(result.transform)),
        ("moves points", f"by {moves['mean']:.2f} {unit} on average, {moves['most']:.2f} {unit} at most"),
        ("metric", f"{options.metric} {result.metric:.4f}, over {result.overlap:.1%} of the fixed image"),
        ("start", result.start),
        ("iterations", f"{len(result.history)}" + (f": {', '.join(steps)}" if steps else "")),
        ("time", f"{seconds:.1f} s"),
    ]
    return f"{verdict}: {result.reason}\n\n" + "\n".join(f"  {name:<14}{text}" for name, text in rows)


def describe_transform(transform: AbstractTransform) -> dict[str, Any]:
    """Class, frame and parameters; of large arrays only the shape."""
    fields = {
        field.name: _described(getattr(transform, field.name))
        for field in dataclasses.fields(transform)  # type: ignore[arg-type]  # every final class is one
        if field.name != "frame"
    }
    described = {"class": type(transform).__name__, "frame": transform.frame, "parameters": fields}
    if isinstance(transform, AbstractMatrix):
        described["matrix"] = to_numpy(plain(transform.to_projective().theta))[0].tolist()
    return described


def _described(value: Any) -> Any:
    value = plain(value)
    if isinstance(value, AbstractTransform):
        return describe_transform(value)
    if isinstance(value, tuple):
        return [_described(item) for item in value]
    if is_array(value):
        few = value.size <= _MANY
        return to_numpy(value).tolist() if few else {"shape": list(value.shape), "dtype": str(value.dtype)}
    return value


def how_far(transform: AbstractTransform, fixed: Input) -> dict[str, Any]:
    """How far points of the fixed image move, in pixels of it or in millimetres."""
    axes = [np.linspace(0, n - 1, min(n, _PLACES)) for n in fixed.shape[::-1]]
    points = np.array(list(itertools.product(*axes)))
    unit = "pixels"
    if transform.frame == WORLD and fixed.geometry is not None:
        matrix, unit = fixed.geometry.matrix, "mm"
        points = points @ matrix[:-1, :-1].T + matrix[:-1, -1]
    moved = to_numpy(plain(transform(points)))[0]
    lengths = np.linalg.norm(moved - points, axis=1)
    return {"mean": float(lengths.mean()), "most": float(lengths.max()), "unit": unit}


def _matrix_rows(transform: AbstractTransform) -> list[str]:
    """Of a linear map, row by row."""
    if not isinstance(transform, AbstractMatrix):
        return []
    theta = np.array(to_numpy(plain(transform.to_projective().theta))[0])
    theta[:-1] = theta[:-1].round(_DECIMALS) + 0.0  # no negative zeros
    rows = theta[:-1] if isinstance(transform, AbstractAffine) else theta
    return ["[" + "".join(f"{x:12.6g}" for x in row) + " ]" for row in rows]


def _counts(result: RegistrationResult) -> list[tuple[int, int]]:
    """How many iterations there were on each level, from the coarsest on."""
    return sorted(Counter(step.level for step in result.history).items(), reverse=True)


def _image(image: Input) -> dict[str, Any]:
    described = {"file": str(image.path), "shape": list(image.shape), "dtype": str(image.array.dtype)}
    where = None if image.geometry is None else dataclasses.asdict(image.geometry)
    return {**described, "channels": image.channels, "geometry": where}


def _finite(value: Any) -> Any:
    """JSON has neither NaN nor infinity."""
    if isinstance(value, dict):
        return {name: _finite(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(item) for item in value]
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
