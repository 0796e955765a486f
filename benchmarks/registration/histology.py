"""Slices of tissue next to each other, stained otherwise: how far landmarks end from where they should.

The pairs are the package BIRL's, of the challenge ANHIR, at a twentieth of their size. Errors are relative,
in units of the image's diagonal; those who set the landmarks differed by about 0.0066 among themselves.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

import warpkit as wk

from ..data import data_folder
from .timing import timed

Row = dict[str, str]

PAIRS = {
    "kidney": ("rat-kidney_", "Rat-Kidney_HE", "Rat-Kidney_PanCytokeratin"),
    "lesions": ("lesions_", "Izd2-29-041-w35_HE", "Izd2-29-041-w35_proSPC"),
}
METRICS = ("mi", "ncc")
BINS, ITERATIONS = 32, 300  # of SimpleITK's registration


def read_pair(name: str) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Two grey images, and the landmarks (m, 2) that both have."""
    from imageio.v3 import imread

    folder, *slides = PAIRS[name]
    files = [data_folder() / "histology" / "birl" / folder / "scale-5pc" / slide for slide in slides]
    images = [np.asarray(imread(file.with_suffix(".jpg")), np.float32).mean(axis=-1) for file in files]
    points = [_points(file.with_suffix(".csv")) for file in files]
    count = min(len(some) for some in points)
    return images, [some[:count] for some in points]


def _points(file: Path) -> np.ndarray:
    with file.open(newline="") as lines:
        return np.array([[float(row["X"]), float(row["Y"])] for row in csv.DictReader(lines)])


def by_simpleitk(fixed: np.ndarray, moving: np.ndarray) -> wk.Affine:
    """SimpleITK's affine registration by Mattes' mutual information."""
    import SimpleITK as sitk

    images = [sitk.GetImageFromArray(image) for image in (fixed, moving)]
    method = sitk.ImageRegistrationMethod()
    method.SetNumberOfThreads(wk.get_num_threads())
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetInterpolator(sitk.sitkLinear)
    # Its regular steps end early on the second pair, with an error of 0.02 to 0.03.
    method.SetOptimizerAsGradientDescent(1.0, ITERATIONS, 1e-6, 10)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel((4, 2, 1))
    method.SetSmoothingSigmasPerLevel((2, 1, 0))
    start = sitk.CenteredTransformInitializer(*images, sitk.AffineTransform(2))
    method.SetInitialTransform(start, inPlace=False)
    found = wk.from_itk(method.Execute(*images))
    return found.to_frame("pixel", wk.Geometry(moving.shape), wk.Geometry(fixed.shape))


def histology(names: tuple[str, ...] = ()) -> Iterator[Row]:
    """Stained tissue, affine: the median relative error of landmarks."""
    del names  # of the pairs of planes
    for pair in PAIRS:
        (fixed, moving), points = read_pair(pair)

        def error(transform: Any, fixed: np.ndarray = fixed, points: list[np.ndarray] = points) -> str:
            distances = wk.registration.relative_target_registration_error(transform, *points, fixed.shape)
            return f"{np.median(distances):.4f}"

        still = wk.Affine.identity(2, frame="pixel")
        yield {"pair": pair, "registration": "none", "median relative error": error(still)}
        for metric in METRICS:
            result, seconds = timed(lambda a=fixed, b=moving, c=metric: wk.register(a, b, "affine", c))
            yield {
                "pair": pair,
                "registration": f'warpkit, "{metric}"',
                "median relative error": error(result.transform),
                "seconds": f"{seconds:.1f}",
                "converged": "yes" if result.converged else "no",
                "says": result.reason,
            }
        other, seconds = timed(lambda a=fixed, b=moving: by_simpleitk(a, b))
        yield {
            "pair": pair,
            "registration": "SimpleITK, mutual information",
            "median relative error": error(other),
            "seconds": f"{seconds:.1f}",
        }
