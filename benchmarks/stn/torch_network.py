"""The same network in torch: the same layers with copies of the same parameters."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn.functional import affine_grid, grid_sample

from warpkit import nn
from warpkit._core import to_numpy
from warpkit.nn import Module

from .networks import Parallel


def as_torch(module: Module) -> torch.nn.Module:
    """Turn a network of :mod:`benchmarks.stn.networks` with affine transformers, or none, into torch's."""
    match module:
        case nn.Sequential():
            return torch.nn.Sequential(*map(as_torch, module))
        case Parallel():
            return SideBySide(module)
        case nn.SpatialTransformer():
            return AffineTransformer(module)
        case nn.Flatten():
            return torch.nn.Flatten()
        case nn.ReLU():
            return torch.nn.ReLU()
        case nn.MaxPool2d():
            return torch.nn.MaxPool2d(module.window, module.stride)
        case nn.AvgPool2d():
            return torch.nn.AvgPool2d(module.window, module.stride)
        case nn.Linear():
            outputs, inputs = module.weight.shape
            return _with_parameters(torch.nn.Linear(inputs, outputs), module)
        case nn.Conv2d(stride=stride, padding=padding, dilation=dilation):
            outputs, inputs, *kernel = module.weight.shape
            layer = torch.nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation)
            return _with_parameters(layer, module)
    raise ValueError(f"module: expected a layer of the paper's networks, given {type(module).__name__}")


def _with_parameters(layer: Any, like: Any) -> Any:
    """Copy weight and bias; both libraries lay them out alike."""
    for name in ("weight", "bias"):
        getattr(layer, name).data = torch.from_numpy(to_numpy(getattr(like, name).data).copy())
    return layer


class AffineTransformer(torch.nn.Module):
    """The localiser's affine map applied by `affine_grid` and `grid_sample`."""

    def __init__(self, like: nn.SpatialTransformer) -> None:
        super().__init__()
        if (like.transform, like.frame) != ("affine", "normalized"):
            raise ValueError(
                f"transform: expected affine in the frame normalized, given {like.transform}, {like.frame}"
            )
        self.localizer, self.regression = as_torch(like.localizer), as_torch(like.regression)
        self.shape = like.shape

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        theta = self.regression(self.localizer(image)).reshape(-1, 2, 3)
        grid = affine_grid(theta, [*image.shape[:2], *self.shape], align_corners=False)
        return grid_sample(image, grid, align_corners=False)


class SideBySide(torch.nn.Module):
    """Transformers that look at the same image; what they see are channels side by side."""

    def __init__(self, like: Parallel) -> None:
        super().__init__()
        self.transformers = torch.nn.ModuleList(map(as_torch, like.transformers))

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return torch.cat([transformer(image) for transformer in self.transformers], 1)
