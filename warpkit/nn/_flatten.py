"""From images to vectors."""

from __future__ import annotations

import math

from warpkit._core import Array
from warpkit.ops import reshape

from ._module import Module


class Flatten(Module):
    """All axes after the batch joined to one."""

    def __call__(self, image: Array) -> Array:
        """Map (n, ...) to (n, features)."""
        return reshape(image, (image.shape[0], math.prod(image.shape[1:])))
