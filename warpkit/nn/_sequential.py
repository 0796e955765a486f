"""Modules in a row."""

from __future__ import annotations

from collections.abc import Iterator

from warpkit._core import Array, wrong_type

from ._module import Module


class Sequential(Module):
    """Modules applied one after the other.

    Parameters
    ----------
    *layers : Module
        In the order of their application.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> rng = np.random.default_rng(0)
    >>> network = wk.nn.Sequential(wk.nn.Flatten(), wk.nn.Linear(4, 3, rng=rng), wk.nn.ReLU())
    >>> list(network.named_parameters())
    ['layers.1.weight', 'layers.1.bias']
    """

    def __init__(self, *layers: Module) -> None:
        for i, layer in enumerate(layers):
            if not isinstance(layer, Module):
                raise wrong_type(f"layers[{i}]", "a Module", layer)
        self.layers = layers

    def __call__(self, image: Array) -> Array:
        """Apply all layers."""
        for layer in self.layers:
            image = layer(image)
        return image

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, index: int) -> Module:
        return self.layers[index]
