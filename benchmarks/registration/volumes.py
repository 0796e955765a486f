"""Volumes of heads from three scanners, through physical space, by mutual information.

The files are RNiftyReg's: a T1-weighted head; an echo-planar, T2-weighted one with other pixels and another
field of view; and the brain of the template of the Montreal Neurological Institute. Beside is SimpleITK's
affine registration by Mattes' mutual information, with all pixels and with every fifth. All answers are
judged by SimpleITK's evaluation of that metric over all pixels.

And the T1-weighted head against itself, as another scanner would see it, moved by a known affine map.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

import warpkit as wk
from warpkit.transforms import AbstractTransform

from ..data import data_folder
from .timing import timed

Row = dict[str, str]

PAIRS = {"T1 to MNI": ("mni_brain", "flash_t1"), "EPI to T1": ("flash_t1", "epi_t2")}
BINS = 32
TOLERANCE = 0.001  # pixels
SHARES = (1.0, 0.2)  # of the pixels, for SimpleITK
ITERATIONS = 300

TRUTH = wk.Affine(
    np.array([[[1.03, 0.06, -0.02, 3.0], [-0.05, 0.98, 0.04, -4.0], [0.03, -0.03, 1.02, 5.0]]]), frame="world"
)
CONTRASTS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "as it is": lambda x: x,
    "inverted": lambda x: 1 - x,
    "inverted and bent": lambda x: (1 - x) ** 3,
    "not one to one": lambda x: np.sin(2 * np.pi * x),
}


def path_of(name: str) -> Path:
    """A volume's file."""
    return data_folder() / "medical3d" / "rniftyreg" / f"{name}.nii.gz"


def align(fixed: wk.Image, moving: wk.Image) -> wk.RegistrationResult:
    """Affine, in millimetres."""
    return wk.register(
        fixed.array,
        moving.array,
        "affine",
        "mi",
        fixed_geometry=fixed.geometry,
        moving_geometry=moving.geometry,
        tolerance=TOLERANCE,
    )


def seen_by_another(moving: wk.Image, contrast: Callable[[np.ndarray], np.ndarray]) -> wk.Image:
    """The volume under TRUTH, with other pixels and another contrast."""
    assert moving.geometry is not None
    geometry = wk.Geometry((72, 96, 80), spacing=(2.3, 2.2, 2.5), origin=(-90.0, -100.0, -80.0))
    pixels = TRUTH.to_frame("pixel", moving.geometry, geometry)
    values = moving.array / moving.array.max()
    return wk.Image(contrast(wk.warp(values, pixels, geometry.shape)), geometry)


def apart(one: AbstractTransform, other: AbstractTransform, geometry: wk.Geometry) -> float:
    """The greatest distance of the corners of the fixed volume, in millimetres."""
    last = np.array(geometry.shape[::-1]) - 1
    pixels = np.array(list(itertools.product((0, 1), repeat=3))) * last
    corners = pixels @ geometry.matrix[:-1, :-1].T + geometry.matrix[:-1, -1]
    return float(np.linalg.norm(one(corners) - other(corners), axis=-1).max())


def by_simpleitk(fixed: Any, moving: Any, share: float) -> wk.Affine:
    """SimpleITK's affine registration by mutual information, from centres of mass."""
    import SimpleITK as sitk

    method = _method(sitk)
    if share < 1:
        method.SetMetricSamplingStrategy(method.REGULAR)
        method.SetMetricSamplingPercentage(share)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, ITERATIONS)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel((4, 2, 1))
    method.SetSmoothingSigmasPerLevel((2, 1, 0))
    kind = sitk.CenteredTransformInitializerFilter.MOMENTS
    start = sitk.CenteredTransformInitializer(fixed, moving, sitk.AffineTransform(3), kind)
    method.SetInitialTransform(start, inPlace=False)
    return wk.from_itk(method.Execute(fixed, moving))


def information(fixed: Any, moving: Any, transform: AbstractTransform) -> float:
    """Mattes' mutual information as SimpleITK evaluates it over all pixels, in nats."""
    import SimpleITK as sitk

    method = _method(sitk)
    method.SetInitialTransform(wk.to_itk(transform))
    return -float(method.MetricEvaluate(fixed, moving))


def _method(sitk: Any) -> Any:
    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(BINS)
    method.SetMetricSamplingStrategy(method.NONE)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetNumberOfThreads(wk.get_num_threads())
    return method


def volumes(names: tuple[str, ...] = ()) -> Iterator[Row]:
    """Heads of two modalities in millimetres: distances of the corners, and mutual information."""
    import SimpleITK as sitk

    del names  # of the pairs of planes
    for pair, files in PAIRS.items():
        fixed, moving = (wk.read_image(path_of(name)) for name in files)
        theirs = [sitk.ReadImage(path_of(name), sitk.sitkFloat32) for name in files]
        result, seconds = timed(lambda fixed=fixed, moving=moving: align(fixed, moving))
        row = {
            "pair": pair,
            "converged": "yes" if result.converged else "no",
            "information": f"{information(*theirs, result.transform):.4f}",
            "seconds": f"{seconds:.1f}",
        }
        for share in SHARES:
            other, seconds = timed(lambda share=share, theirs=theirs: by_simpleitk(*theirs, share))
            name = "SimpleITK" if share == 1 else f"SimpleITK, {share:.0%}"
            row[f"{name}: information"] = f"{information(*theirs, other):.4f}"
            row[f"{name}: seconds"] = f"{seconds:.1f}"
            row[f"{name}: corners apart"] = f"{apart(result.transform, other, fixed.geometry):.1f} mm"
        yield row
    head = wk.read_image(path_of("flash_t1"))
    for name, contrast in CONTRASTS.items():
        fixed = seen_by_another(head, contrast)
        result, seconds = timed(lambda fixed=fixed: align(fixed, head))
        yield {
            "pair": f"T1, moved, {name}",
            "converged": "yes" if result.converged else "no",
            "seconds": f"{seconds:.1f}",
            "corners from the truth": f"{apart(result.transform, TRUTH, fixed.geometry):.3f} mm",
        }
