"""Transforms of every class in NumPy's .npz: a description in JSON, and the arrays with all their bits.

The description is a tree: ``{"class": ..., "fields": {...}}``, where a field is a number, a string, null, a
list, a tree of its own, or ``{"array": "name"}``. Nothing in such a file is ever executed.
"""

from __future__ import annotations

import json
import zipfile
import zlib
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from warpkit._core import is_array, plain, to_numpy, wrong_type
from warpkit.transforms import (
    AbstractTransform,
    Affine,
    Attention,
    Composed,
    Diffeomorphism,
    Displacement,
    FreeFormDeformation,
    NumericalInverse,
    Projective,
    Rigid,
    Similarity,
    ThinPlateSpline,
    Translation,
)

VERSION = 1
"""Of the layout. A file says it, and one from the future is refused."""

_DESCRIPTION = "warpkit_transform"
_CLASSES: dict[str, Any] = {
    kind.__name__: kind
    for kind in (
        Translation,
        Rigid,
        Similarity,
        Attention,
        Affine,
        Projective,
        ThinPlateSpline,
        Displacement,
        Diffeomorphism,
        FreeFormDeformation,
        NumericalInverse,
        Composed,
    )
}


def write_npz(path: Path, transform: AbstractTransform) -> None:
    """Write a transform of any class."""
    arrays: dict[str, np.ndarray] = {}
    description = {"version": VERSION, "transform": _described(transform, arrays)}
    with path.open("wb") as file:  # np.savez would add to the name
        np.savez(file, allow_pickle=False, **{_DESCRIPTION: np.array(json.dumps(description))}, **arrays)


def _described(value: Any, arrays: dict[str, np.ndarray]) -> Any:
    """The description of a value; its arrays are added to `arrays`."""
    value = plain(value)
    if isinstance(value, AbstractTransform):
        name = type(value).__name__
        if _CLASSES.get(name) is not type(value):
            raise wrong_type("transform", f"one of {', '.join(_CLASSES)}", value)
        parts = {
            field.name: _described(getattr(value, field.name), arrays) for field in fields(_CLASSES[name])
        }
        return {"class": name, "fields": parts}
    if is_array(value):
        name = f"array_{len(arrays)}"
        arrays[name] = to_numpy(value)
        return {"array": name}
    if isinstance(value, tuple):
        return [_described(item, arrays) for item in value]
    return value.item() if isinstance(value, np.generic) else value


def read_npz(path: Path) -> AbstractTransform:
    """Read a transform that :func:`write_npz` wrote.

    Raises
    ------
    ValueError
        If it is another file, of a later version, or damaged: the message names it.
    """
    try:
        # Opened here, because NumPy leaves a damaged file open.
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as file:
            if _DESCRIPTION not in file.files:
                names = ", ".join(file.files) or "nothing"
                raise ValueError(f"expected a transform of warpkit, given a file that holds {names}")
            description = json.loads(str(file[_DESCRIPTION]))
            if description["version"] != VERSION:
                raise ValueError(f"expected version {VERSION}, given {description['version']}")
            made = _made(description["transform"], file)
            if not isinstance(made, AbstractTransform):
                raise wrong_type("transform", "a transform", made)
            return made
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise ValueError(f"{path}: not a transform file that can be read: {error}") from error


def _made(described: Any, arrays: Any) -> Any:
    """The value that was described."""
    if isinstance(described, list):
        return tuple(_made(item, arrays) for item in described)
    if not isinstance(described, dict):
        return described
    if "array" in described:
        return arrays[described["array"]]
    kind = _CLASSES[described["class"]]
    return kind(**{name: _made(value, arrays) for name, value in described["fields"].items()})
