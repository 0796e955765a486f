"""scikit-image: `warp` with a matrix, forward, 2D, on one thread."""

from __future__ import annotations

import numpy as np
import skimage
from skimage.transform import warp

from benchmarks.cases import Case
from benchmarks.inputs import pixel_theta
from benchmarks.libraries import Inputs, Job


def version() -> str:
    return str(skimage.__version__)


def set_num_threads(number: int) -> None:
    """There is one thread."""


def make_job(case: Case, inputs: Inputs) -> Job | None:
    """A grid it hands on to SciPy's map_coordinates, which has a column of its own."""
    if case.gradients or case.ndim != 2 or case.op != "warp_affine":
        return None
    if case.shape[1] == 1:
        images = inputs["image"][:, 0]
    else:
        images = np.ascontiguousarray(inputs["image"].transpose(0, 2, 3, 1))
    matrices = pixel_theta(inputs["theta"], case.shape[2:])

    def run() -> list[np.ndarray]:
        return [
            warp(image, matrix, order=1, mode="constant", clip=False, preserve_range=True)
            for image, matrix in zip(images, matrices, strict=True)
        ]

    def results(out: list[np.ndarray]) -> dict[str, np.ndarray]:
        return {"out": np.stack([np.atleast_3d(item).transpose(2, 0, 1) for item in out])}

    return Job(run, results)
