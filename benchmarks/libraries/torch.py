"""PyTorch: `grid_sample`, after `affine_grid` for an affine warp, and autograd through them.

Its threads share out batch items in 2D and 3D alike: a batch of one is sampled on one thread.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch.nn.functional import affine_grid, grid_sample

from benchmarks.cases import PARAMETERS, Case
from benchmarks.libraries import Inputs, Job


def version() -> str:
    return str(torch.__version__)


def set_num_threads(number: int) -> None:
    torch.set_num_threads(number)


def make_job(case: Case, inputs: Inputs) -> Job | None:
    if case.op == "warp_tps":
        return None
    forward = sample if case.op == "grid_sample" else warp_affine
    return autograd_job(case, inputs, forward, inputs[PARAMETERS[case.op]])


def sample(image: torch.Tensor, grid: torch.Tensor) -> torch.Tensor:
    return grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def warp_affine(image: torch.Tensor, theta: torch.Tensor) -> torch.Tensor:
    return sample(image, affine_grid(theta, list(image.shape), align_corners=False))


def autograd_job(
    case: Case,
    inputs: Inputs,
    forward: Callable[[torch.Tensor, torch.Tensor], torch.Tensor],
    parameter: np.ndarray,
) -> Job:
    """A function of image and parameter, and the gradients that the case asks for."""
    arguments = [torch.from_numpy(inputs["image"]), torch.from_numpy(parameter)]
    if not case.gradients:
        return Job(lambda: forward(*arguments), lambda out: {"out": out.numpy()})
    leaves = [argument.requires_grad_() for argument, need in zip(arguments, case.needs, strict=True) if need]
    ct_out = torch.from_numpy(inputs["ct_out"])

    def run() -> Any:
        out = forward(*arguments)
        return out, torch.autograd.grad(out, leaves, ct_out)

    def results(returned: Any) -> dict[str, np.ndarray]:
        out, gradients = returned
        named = zip(case.gradients, gradients, strict=True)
        return {"out": out.detach().numpy()} | {f"ct_{name}": ct.numpy() for name, ct in named}

    return Job(run, results)
