"""Modules: functions with parameters that are learned."""

from __future__ import annotations

import io
import math
import os
import zipfile
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from warpkit._core import Array, namespace, plain, to_numpy, wrong_type, wrong_value
from warpkit.autograd import Variable
from warpkit.transforms import AbstractTransform


class Module(ABC):
    """A function of arrays with parameters that are learned. Subclasses define ``__call__``.

    Variables among a module's attributes, and in the fields of transforms among them, are its parameters;
    modules among them, also in lists, tuples and dicts, are its parts. A parameter's name is the path to it,
    such as ``layers.0.weight``.

    Attributes
    ----------
    learning_rate_factor : float
        What optimisers multiply the learning rate of all parameters in here by; 1 unless it is set. Factors
        of nested modules multiply.
    weight_decay_factor : float
        What optimisers multiply the weight decay of all parameters in here by, likewise.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> class Scale(wk.nn.Module):
    ...     def __init__(self):
    ...         self.factor = wk.Variable(np.ones(3, np.float32))
    ...
    ...     def __call__(self, image):
    ...         return image * self.factor
    >>> list(Scale().named_parameters())
    ['factor']
    """

    learning_rate_factor: float = 1.0
    weight_decay_factor: float = 1.0

    @abstractmethod
    def __call__(self, image: Array) -> Array:
        """Apply the function."""

    def modules(self) -> Iterator[Module]:
        """Iterate over the module itself and all its parts, outer ones first."""
        yield self
        for _, part in _parts(vars(self), ""):
            if isinstance(part, Module):
                yield from part.modules()

    def parameters(self) -> list[Variable]:
        """Return the parameters of the module and of its parts, each once."""
        return [variable for _, variable, _ in self._walk()]

    def named_parameters(self) -> dict[str, Variable]:
        """Return the parameters of the module and of its parts, each once, by name."""
        return {name: variable for name, variable, _ in self._walk()}

    def learning_rate_factors(self) -> dict[str, float]:
        """Return what the learning rate of each parameter is multiplied by, by its name."""
        return {
            name: math.prod(module.learning_rate_factor for module in within)
            for name, _, within in self._walk()
        }

    def weight_decay_factors(self) -> dict[str, float]:
        """Return what an optimiser's weight decay of each parameter is multiplied by, by its name."""
        return {
            name: math.prod(module.weight_decay_factor for module in within)
            for name, _, within in self._walk()
        }

    def zero_grad(self) -> None:
        """Forget the gradients of all parameters."""
        for variable in self.parameters():
            variable.grad = None

    def state_dict(self) -> dict[str, Array]:
        """Return a copy of each parameter's value, by its name."""
        return {name: plain(variable).copy() for name, variable in self.named_parameters().items()}

    def load_state_dict(self, state: Mapping[str, Array]) -> None:
        """Set all parameters, or none if something is wrong.

        Parameters
        ----------
        state : mapping from str to array
            One entry per parameter, of its shape. It is converted to the parameter's dtype.

        Raises
        ------
        ValueError
            If an entry is missing, is no parameter's, or has the wrong shape: the message names it.
        TypeError
            If an entry is no array of real numbers.
        """
        parameters = self.named_parameters()
        for name in parameters:
            if name not in state:
                raise ValueError(f"state: entry {name!r} is missing; given " + (", ".join(state) or "none"))
        for name in state:
            if name not in parameters:
                raise ValueError(f"state: entry {name!r} is no parameter; expected " + ", ".join(parameters))
        values = {name: _checked(name, state[name], plain(variable)) for name, variable in parameters.items()}
        for name, variable in parameters.items():
            variable.data = values[name]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write all parameters to an ``.npz`` file, which :func:`numpy.load` reads without pickle.

        Parameters
        ----------
        path : path
            The file, by exactly this name. One that exists is replaced when the new one is complete.
        """
        target = Path(path)
        partial = target.with_name(target.name + ".partial")
        with zipfile.ZipFile(partial, "w") as archive:
            for name, value in self.state_dict().items():
                with archive.open(zipfile.ZipInfo(name + ".npy"), "w", force_zip64=True) as member:
                    np.lib.format.write_array(member, to_numpy(value), allow_pickle=False)
        partial.replace(target)

    def load(self, path: str | os.PathLike[str]) -> None:
        """Set all parameters from a file that :meth:`save` wrote.

        Parameters
        ----------
        path : path
            The file. Nothing in it is executed.

        Raises
        ------
        ValueError
            If it is no such file, or is damaged; or as in :meth:`load_state_dict`.
        """
        content = Path(path).read_bytes()
        try:
            with zipfile.ZipFile(io.BytesIO(content)) as archive:
                state = {name.removesuffix(".npy"): _read(archive, name) for name in archive.namelist()}
        except Exception as error:  # zipfile, zlib and NumPy have ten ways to say that a file is damaged
            given = f"{os.fspath(path)}: {error}"
            raise wrong_value("path", "a file of arrays as save() writes it", given) from error
        self.load_state_dict(state)

    def _walk(
        self, prefix: str = "", outside: tuple[Module, ...] = (), seen: set[int] | None = None
    ) -> Iterator[tuple[str, Variable, tuple[Module, ...]]]:
        """Name and variable of each parameter, and the modules that it is in, outer ones first."""
        seen = set() if seen is None else seen
        within = (*outside, self)
        for name, part in _parts(vars(self), prefix):
            if isinstance(part, Module):
                yield from part._walk(name + ".", within, seen)
            elif id(part) not in seen:  # a shared parameter is one parameter, under its first name
                seen.add(id(part))
                yield name, part, within


def _parts(attributes: Mapping[Any, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Modules and parameters among the attributes, with their names."""
    for key, value in attributes.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            yield from _parts(value, name + ".")
        elif isinstance(value, (list, tuple)):
            yield from _parts(dict(enumerate(value)), name + ".")
        elif isinstance(value, AbstractTransform):
            yield from _parts(vars(value), name + ".")
        elif isinstance(value, Module) or (
            isinstance(value, Variable) and value.node is None and value.requires_grad
        ):
            yield name, value


def _checked(name: str, value: Any, like: Array) -> Array:
    """The entry `value` in the library and dtype of `like`."""
    if getattr(getattr(value, "dtype", None), "kind", "") not in "biuf" or not hasattr(value, "shape"):
        raise wrong_type(f"state[{name!r}]", "an array of real numbers", value)
    if tuple(value.shape) != tuple(like.shape):
        raise wrong_value(f"state[{name!r}]", f"shape {tuple(like.shape)}", f"shape {tuple(value.shape)}")
    return namespace(like).array(value, dtype=like.dtype)


def _read(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as member:
        return np.lib.format.read_array(member, allow_pickle=False)
