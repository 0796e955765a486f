"""Broadcasting and its adjoint, shared by all ops that broadcast their arguments."""

from __future__ import annotations

from typing import Any

import numpy as np

from warpkit._core import Array, ArraySpec, wrong_value


def broadcast_spec(*inputs: ArraySpec) -> ArraySpec:
    """Shape and dtype of an elementwise op's output.

    Raises
    ------
    ValueError
        If the shapes do not broadcast.
    """
    try:
        shape = np.broadcast_shapes(*[x.shape for x in inputs])
    except ValueError:
        raise wrong_value("shapes", "shapes that broadcast", [x.shape for x in inputs]) from None
    return ArraySpec(shape, np.result_type(*[x.dtype for x in inputs]))


def unbroadcast(ct: Array, x: Any) -> Array:
    """Sum the cotangent of a broadcast array back to the shape and dtype of `x`: the adjoint."""
    extra = len(ct.shape) - len(x.shape)
    stretched = tuple(range(extra)) + tuple(
        i + extra for i, n in enumerate(x.shape) if n == 1 and ct.shape[i + extra] != 1
    )
    if stretched:
        ct = ct.sum(axis=stretched, keepdims=True)
    if tuple(ct.shape) != tuple(x.shape):
        ct = ct.reshape(tuple(x.shape))
    return ct if ct.dtype == x.dtype else ct.astype(x.dtype)
