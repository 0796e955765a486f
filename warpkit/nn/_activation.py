"""Activations."""

from __future__ import annotations

from warpkit._core import Array
from warpkit.ops import relu

from ._module import Module


class ReLU(Module):
    """The larger of the input and 0, element by element; see :func:`warpkit.ops.relu`."""

    def __call__(self, image: Array) -> Array:
        """Return an array of the shape of `image`."""
        return relu(image)
