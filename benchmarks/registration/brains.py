"""The brains of two people, volumes of 160 x 192 x 224: how well their parts come to lie on each other.

The mean Dice coefficient over the 30 labels of VoxelMorph's protocol, warped to the nearest pixel. What there
is to choose in warpkit was chosen by the first, third, fifth, ... of these labels; the others had no say.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

import warpkit as wk
from warpkit.metrics import jacobian_determinant

from ..data import data_folder

Row = dict[str, str]

PEER_BINS, PEER_SAMPLES = 32, 0.02  # of SimpleITK's mutual information
PEER_LEVELS = (4, 2)
PEER_ITERATIONS, PEER_SIGMAS = (30, 20), (1.0, 0.5)  # of its demons


@dataclass(frozen=True, eq=False)
class Brains:
    """Two volumes, what is what in them, and the labels that count."""

    fixed: np.ndarray
    moving: np.ndarray
    fixed_labels: np.ndarray
    moving_labels: np.ndarray
    labels: np.ndarray

    def dice(self, warped_labels: np.ndarray) -> tuple[float, float]:
        """The mean over all labels, and over those that nothing was chosen by."""
        values = []
        for label in self.labels:
            one, other = self.fixed_labels == label, warped_labels == label
            values.append(2 * (one & other).sum() / max(one.sum() + other.sum(), 1))
        return float(np.mean(values)), float(np.mean(values[1::2]))


def read_brains() -> Brains:
    """The pair of ``medical3d/brain_pair``."""
    folder = data_folder() / "medical3d" / "brain_pair"
    with (
        np.load(folder / "test_scan.npz") as scan,
        np.load(folder / "subject_1_vol.npz") as volume,
        np.load(folder / "subject_1_seg.npz") as segmentation,
        np.load(folder / "labels.npz") as labels,
    ):
        return Brains(
            scan["vol"].astype(np.float32),
            volume["vol_data"].astype(np.float32),
            scan["seg"].astype(np.int16),
            segmentation["vol_data"].astype(np.int16),
            labels["labels"],
        )


def brains(names: tuple[str, ...] = ()) -> Iterator[Row]:
    """Brains of two people: Dice over 30 labels, and over the 15 that nothing was chosen by."""
    del names  # of the pairs of planes
    pair = read_brains()
    yield _row("none", pair, pair.moving_labels)
    small = (image[::4, ::4, ::4] for image in (pair.fixed, pair.moving))
    wk.register(*small, "diffeomorphic", "lncc")  # so that no time is spent on loading SciPy
    for name, level in (("half size", 1), ("full size", 0)):
        start = time.perf_counter()
        result = wk.register(pair.fixed, pair.moving, "diffeomorphic", "lncc", finest_level=level)
        seconds = time.perf_counter() - start
        warped = wk.warp(pair.moving_labels, result.transform, kernel="nearest")
        field = result.transform.grid(pair.fixed.shape) - wk.identity_grid(pair.fixed.shape, "pixel")
        folds = int((jacobian_determinant(field.astype(np.float32)) <= 0).sum())
        row = _row(f"warpkit, {name}", pair, warped, folds, seconds)
        yield row | {"converged": "yes" if result.converged else "no", "says": result.reason}
    for sigma in PEER_SIGMAS:
        name = f"SimpleITK, demons smoothed by {sigma}, half size"
        yield _row(name, pair, *demons(pair, sigma))


def _row(
    name: str, pair: Brains, warped: np.ndarray, folds: int | None = None, seconds: float | None = None
) -> Row:
    everything, unseen = pair.dice(warped)
    return {
        "registration": name,
        "Dice, 30 labels": f"{everything:.4f}",
        "the other 15": f"{unseen:.4f}",
        "folds": "" if folds is None else str(folds),
        "seconds": "" if seconds is None else f"{seconds:.1f}",
    }


def demons(pair: Brains, sigma: float) -> tuple[np.ndarray, int, float]:
    """SimpleITK's affine map by mutual information, then its diffeomorphic demons, on PEER_LEVELS."""
    import SimpleITK as sitk

    sitk.ProcessObject.SetGlobalDefaultNumberOfThreads(wk.get_num_threads())
    start = time.perf_counter()
    fixed, moving = (sitk.GetImageFromArray(x) for x in (pair.fixed, pair.moving))
    affine = _peer_affine(fixed, moving)
    moved, field = sitk.Resample(moving, fixed, affine), None
    for level, iterations in zip(PEER_LEVELS, PEER_ITERATIONS, strict=True):
        images = [sitk.Shrink(image, [level] * 3) for image in (fixed, moved)]
        method = sitk.DiffeomorphicDemonsRegistrationFilter()
        method.SetNumberOfIterations(iterations)
        method.SetStandardDeviations(sigma)
        begin = [] if field is None else [sitk.Resample(field, images[0])]
        field = method.Execute(*images, *begin)
    field = sitk.Resample(field, fixed)
    determinant = sitk.GetArrayFromImage(sitk.DisplacementFieldJacobianDeterminant(field))
    deformation = sitk.DisplacementFieldTransform(sitk.Cast(field, sitk.sitkVectorFloat64))
    seconds = time.perf_counter() - start
    labels, both = sitk.GetImageFromArray(pair.moving_labels), sitk.CompositeTransform([affine, deformation])
    warped = sitk.Resample(labels, fixed, both, sitk.sitkNearestNeighbor)
    return sitk.GetArrayFromImage(warped), int((determinant <= 0).sum()), seconds


def _peer_affine(fixed, moving):
    import SimpleITK as sitk

    method = sitk.ImageRegistrationMethod()
    method.SetMetricAsMattesMutualInformation(PEER_BINS)
    method.SetMetricSamplingStrategy(method.REGULAR)
    method.SetMetricSamplingPercentage(PEER_SAMPLES)
    method.SetInterpolator(sitk.sitkLinear)
    method.SetOptimizerAsRegularStepGradientDescent(1.0, 1e-4, 100)
    method.SetOptimizerScalesFromPhysicalShift()
    method.SetShrinkFactorsPerLevel(list(PEER_LEVELS))
    method.SetSmoothingSigmasPerLevel([level / 2 for level in PEER_LEVELS])
    start = sitk.CenteredTransformInitializer(fixed, moving, sitk.AffineTransform(3))
    method.SetInitialTransform(start, inPlace=False)
    return method.Execute(fixed, moving)
