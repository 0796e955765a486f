"""kornia: `warp_affine` and `warp_image_tps` in 2D, and autograd through them."""

from __future__ import annotations

import kornia
import numpy as np
import torch
from kornia.geometry.transform import warp_affine, warp_image_tps

from benchmarks.cases import Case
from benchmarks.inputs import pixel_theta, pixels_from_normalized
from benchmarks.libraries import Inputs, Job
from benchmarks.libraries.torch import autograd_job


def version() -> str:
    return str(kornia.__version__)


def set_num_threads(number: int) -> None:
    torch.set_num_threads(number)


def make_job(case: Case, inputs: Inputs) -> Job | None:
    if case.ndim != 2 or case.op == "grid_sample":
        return None
    return tps_job(case, inputs) if case.op == "warp_tps" else affine_job(case, inputs)


def affine_job(case: Case, inputs: Inputs) -> Job:
    r"""The matrix is that of pixels from input to output, and the gradient is taken by that matrix.

    With :math:`M = P \theta^{-1} P^{-1}`, where P takes normalized coordinates to pixels,
    :math:`\bar\theta = -P^T M^T \bar M M^T P^{-T}`: how the two gradients are compared.
    """
    spatial = height, width = case.shape[2:]
    matrix = np.linalg.inv(pixel_theta(inputs["theta"], spatial))
    argument = np.ascontiguousarray(matrix[:, :2], np.float32)

    def forward(image: torch.Tensor, matrix: torch.Tensor) -> torch.Tensor:
        return warp_affine(image, matrix, (height, width), align_corners=False)

    job = autograd_job(case, inputs, forward, argument)

    def results(returned: object) -> dict[str, np.ndarray]:
        found = job.results(returned)
        if "ct_theta" in found:
            ct_matrix = np.concatenate([found["ct_theta"], np.zeros_like(argument[:, :1])], axis=1)
            back, to_pixels = matrix.transpose(0, 2, 1), pixels_from_normalized(spatial).T
            ct_theta = -to_pixels @ (back @ ct_matrix @ back) @ np.linalg.inv(to_pixels)
            found["ct_theta"] = ct_theta[:, :2]
        return found

    return Job(job.run, results)


def tps_job(case: Case, inputs: Inputs) -> Job:
    """The spline's coefficients from the system written out here, the warp by kornia.

    kornia's own `get_tps_transform` centres the basis functions at the places in the input rather than at
    those in the output, which makes another spline. The one here has as many unknowns and less to
    differentiate: its matrix does not depend on theta.
    """
    points = torch.from_numpy(inputs["control_points"])
    centres = points.expand(case.shape[0], -1, -1)

    def forward(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
        weights, affine = coefficients(points, theta)
        return warp_image_tps(image, centres, weights, affine, align_corners=False)

    return autograd_job(case, inputs, forward, inputs["theta"])


def coefficients(points: torch.Tensor, theta: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    r"""Solve :math:`f(c_i) = \theta_i`: weights (n, k, 2) of :math:`r^2 \log r`, affine part (n, 3, 2)."""
    k = len(points)
    squares = (points[:, None] - points).square().sum(-1)
    polynomial = torch.cat([torch.ones(k, 1), points], dim=1)
    top = torch.cat([torch.xlogy(squares, squares) / 2, polynomial], dim=1)
    bottom = torch.cat([polynomial.T, torch.zeros(3, 3)], dim=1)
    values = torch.cat([theta, torch.zeros(len(theta), 3, 2)], dim=1)
    solved = torch.linalg.solve(torch.cat([top, bottom]), values)
    return solved[:, :k], solved[:, k:]
