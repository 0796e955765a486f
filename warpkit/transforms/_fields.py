"""What the transform classes share in checking their fields; none of it looks at values."""

from __future__ import annotations

from types import ModuleType
from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, Tracer, is_array, namespace, plain, wrong_type, wrong_value
from warpkit.ops import broadcast_to, concatenate


def floating_spec(argument: str, value: Any) -> ArraySpec:
    """Check that a field is an array or variable of a floating dtype; return its spec."""
    if not isinstance(value, Tracer) and not is_array(value):
        raise wrong_type(argument, "a NumPy or CuPy array, or a Variable", value)
    spec = ArraySpec.of(value)
    if not spec.differentiable:
        raise TypeError(f"{argument}: expected a floating dtype, given {spec.dtype}")
    return spec


def vectors_spec(argument: str, value: Any) -> ArraySpec:
    """Check that a field has one vector (x, y[, z]) per batch element."""
    spec = floating_spec(argument, value)
    if spec.ndim != 2 or not 1 <= spec.shape[1] <= 3:
        raise wrong_value(argument, "shape (n, 2) in 2D, (n, 3) in 3D", f"shape {spec.shape}")
    return spec


def scalars_spec(argument: str, value: Any) -> ArraySpec:
    """Check that a field has one number per batch element."""
    spec = floating_spec(argument, value)
    if spec.ndim != 1:
        raise wrong_value(argument, "shape (n,)", f"shape {spec.shape}")
    return spec


def common_batch(**lengths: int) -> int:
    """The batch of several fields: all are equal, or 1."""
    batch = 1
    for name, length in lengths.items():
        if length != 1:
            if batch not in (1, length):
                raise wrong_value(name, f"a batch of {batch}, or of 1", f"a batch of {length}")
            batch = length
    return batch


def library(*values: Any) -> ModuleType:
    """NumPy or CuPy: the library of the arrays below `values`."""
    return namespace(*[plain(value) for value in values])


def unit_matrices(n: int, ndim: int, like: Array) -> Array:
    """Unit matrices (n, ndim, ndim) in the library and dtype of `like`."""
    xp = library(like)
    return xp.broadcast_to(xp.eye(ndim, dtype=like.dtype), (n, ndim, ndim))


def beside(matrix: Array, offset: Array) -> Array:
    """The matrix [A b] (n, ndim, ndim + 1) of (n, ndim, ndim) and (n, ndim); either batch may be 1."""
    column = offset.reshape(*offset.shape, 1)
    n = common_batch(matrix=matrix.shape[0], offset=offset.shape[0])
    parts = [x if x.shape[0] == n else broadcast_to(x, (n, *x.shape[1:])) for x in (matrix, column)]
    return concatenate(*parts, axis=-1)


def check_random_generator(rng: Any) -> None:
    """Randomness comes from a generator that is handed in."""
    if not isinstance(rng, np.random.Generator):
        raise wrong_type("rng", "a numpy.random.Generator", rng)
