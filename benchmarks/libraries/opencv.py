"""OpenCV: `remap` and `warpAffine`, forward, one 2D image of up to four channels."""

from __future__ import annotations

import cv2
import numpy as np

from benchmarks.cases import Case
from benchmarks.inputs import pixel_theta, pixels_from_normalized
from benchmarks.libraries import Inputs, Job


def version() -> str:
    return str(cv2.__version__)


def set_num_threads(number: int) -> None:
    cv2.setNumThreads(number)


def make_job(case: Case, inputs: Inputs) -> Job | None:
    n, c = case.shape[:2]
    if case.gradients or case.ndim != 2 or n != 1 or c > 4 or case.op == "warp_tps":
        return None
    image = np.ascontiguousarray(inputs["image"][0].transpose(1, 2, 0))
    if case.op == "grid_sample":
        x, y = pixel_maps(inputs["grid"][0], case)
        return Job(
            lambda: cv2.remap(image, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT), channels_first
        )
    matrix = pixel_theta(inputs["theta"], case.shape[2:])[0, :2]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP  # the matrix leads from output to input, as theta does
    size = image.shape[1::-1]
    return Job(
        lambda: cv2.warpAffine(image, matrix, size, flags=flags, borderMode=cv2.BORDER_CONSTANT),
        channels_first,
    )


def pixel_maps(grid: np.ndarray, case: Case) -> tuple[np.ndarray, np.ndarray]:
    """The pixel coordinates x and y of a grid (height, width, 2), as `remap` takes them."""
    to_pixels = pixels_from_normalized(case.shape[2:])
    points = grid * np.diag(to_pixels)[:2] + to_pixels[:2, 2]
    x, y = np.ascontiguousarray(np.moveaxis(points, -1, 0), np.float32)
    return x, y


def channels_first(out: np.ndarray) -> dict[str, np.ndarray]:
    return {"out": np.atleast_3d(out).transpose(2, 0, 1)[None]}
