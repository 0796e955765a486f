"""What estimates from pairs of points share; they run in float64 and are not differentiated."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from warpkit._core import Array, as_array, namespace, plain, to_numpy, wrong_value


@dataclass(frozen=True)
class FailedEstimate:
    """An estimate that could not be made: falsy, and it says why.

    Attributes
    ----------
    reason : str
        What is wrong with the points, with the index of the batch element.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> line = np.array([[0.0, 0.0], [1.0, 1.0], [2.0, 2.0]])
    >>> estimate = wk.Affine.from_points(line, line)
    >>> bool(estimate)
    False
    >>> estimate.reason
    'batch element 0: the source points lie on a line'
    """

    reason: str

    def __bool__(self) -> bool:
        return False


@dataclass(frozen=True, eq=False)
class PointPairs:
    """Checked pairs of points in float64, with their weighted means taken off."""

    src: np.ndarray
    """(n, m, ndim)"""
    dst: np.ndarray
    weights: np.ndarray
    """(n, m), adding up to 1."""
    xp: Any
    dtype: np.dtype[Any]

    @classmethod
    def of(
        cls, src: Array, dst: Array, weights: Array | None, least: int, per_dimension: int = 0
    ) -> PointPairs | FailedEstimate:
        """Check the points; at least ``least + per_dimension * ndim`` pairs of positive weight are needed."""
        arrays = [as_array(plain(x), name) for x, name in ((src, "src"), (dst, "dst"))]
        a, b = (x.reshape(1, *x.shape) if x.ndim == 2 else x for x in arrays)
        if a.ndim != 3 or not 1 <= a.shape[2] <= 3:
            raise wrong_value("src", "shape (n, m, ndim) or (m, ndim)", f"shape {tuple(arrays[0].shape)}")
        if (
            b.ndim != 3
            or b.shape[1:] != a.shape[1:]
            or (a.shape[0] != b.shape[0] and 1 not in (a.shape[0], b.shape[0]))
        ):
            expected = f"the shape of src, {tuple(arrays[0].shape)}, up to the batch"
            raise wrong_value("dst", expected, f"shape {tuple(arrays[1].shape)}")
        n, m = (b if a.shape[0] == 1 else a).shape[0], a.shape[1]
        w = np.ones((n, m)) if weights is None else _checked_weights(weights, n, m)
        source, target = (np.broadcast_to(to_numpy(x).astype(np.float64), (n, *x.shape[1:])) for x in (a, b))
        for i in range(n):
            reason = _unusable(source[i], target[i], w[i], least + per_dimension * a.shape[2])
            if reason:
                return FailedEstimate(f"batch element {i}: {reason}")
        dtype = np.result_type(a.dtype, b.dtype)
        dtype = dtype if dtype.kind == "f" else np.dtype(np.float64)
        return cls(source, target, w / w.sum(axis=1, keepdims=True), namespace(a, b), dtype)

    @property
    def ndim(self) -> int:
        """Number of dimensions."""
        return int(self.src.shape[2])

    @property
    def src_centre(self) -> np.ndarray:
        """Weighted mean of the source points, (n, ndim)."""
        return np.einsum("nm,nmd->nd", self.weights, self.src)

    @property
    def dst_centre(self) -> np.ndarray:
        """Weighted mean of the target points, (n, ndim)."""
        return np.einsum("nm,nmd->nd", self.weights, self.dst)

    @property
    def src_offset(self) -> np.ndarray:
        """Source points less their mean, (n, m, ndim)."""
        return self.src - self.src_centre[:, None]

    @property
    def dst_offset(self) -> np.ndarray:
        """Target points less their mean, (n, m, ndim)."""
        return self.dst - self.dst_centre[:, None]

    def back(self, values: np.ndarray) -> Array:
        """Float64 results in the library and dtype of the points."""
        return self.xp.asarray(np.ascontiguousarray(values), dtype=self.dtype)

    def spread_failure(self, rank: int, target: bool = False) -> FailedEstimate | None:
        """A failure where the points do not spread over `rank` dimensions, else None."""
        points, offset = (self.dst, self.dst_offset) if target else (self.src, self.src_offset)
        root = np.sqrt(self.weights)[..., None]
        for i, (at, spread) in enumerate(zip(root * points, root * offset, strict=True)):
            singular_values = np.linalg.svd(spread, compute_uv=False)
            # What rounding the coordinates themselves leaves.
            noise = 1e3 * np.finfo(self.dtype).eps * np.linalg.norm(at)
            found = int((singular_values > noise).sum())
            if found < rank:
                side = "target" if target else "source"
                where = ("coincide", "lie on a line", "lie on a plane")[found]
                return FailedEstimate(f"batch element {i}: the {side} points {where}")
        return None

    def similarity(self) -> tuple[np.ndarray, np.ndarray] | FailedEstimate:
        """The best scale (n,) and rotation (n, ndim, ndim), never a reflection.

        S. Umeyama, "Least-squares estimation of transformation parameters between two point patterns", IEEE
        Transactions on Pattern Analysis and Machine Intelligence 13 (4), 1991, eqs. (38) to (43).
        """
        if self.ndim < 2:
            raise wrong_value("src", "points of 2 or 3 dimensions", self.ndim)
        for target in (False, True):
            failure = self.spread_failure(self.ndim - 1, target)
            if failure is not None:
                return failure
        weighted = self.weights[..., None] * self.dst_offset
        covariance = np.einsum("nmi,nmj->nij", weighted, self.src_offset)
        u, values, vt = np.linalg.svd(covariance)
        signs = np.ones_like(values)
        signs[:, -1] = np.sign(np.linalg.det(u) * np.linalg.det(vt))
        certain = values[:, -2] + signs[:, -1] * values[:, -1]
        uncertain = certain <= 1e3 * np.finfo(self.dtype).eps * values[:, 0]
        if uncertain.any():
            i = int(np.argmax(uncertain))
            return FailedEstimate(f"batch element {i}: several rotations fit the points equally well")
        variance = np.einsum("nm,nmd->n", self.weights, self.src_offset**2)
        return (values * signs).sum(axis=1) / variance, (u * signs[:, None, :]) @ vt


def _checked_weights(weights: Array, n: int, m: int) -> np.ndarray:
    w = to_numpy(as_array(plain(weights), "weights")).astype(np.float64)
    if w.shape not in ((m,), (1, m), (n, m)):
        raise wrong_value("weights", f"shape ({n}, {m}) or ({m},)", f"shape {w.shape}")
    if (w < 0).any():
        raise wrong_value("weights", "numbers of at least 0", float(w.min()))
    return np.broadcast_to(w, (n, m))


def _unusable(source: np.ndarray, target: np.ndarray, weights: np.ndarray, least: int) -> str:
    """Why the pairs of one batch element cannot be used; empty if they can."""
    if not (np.isfinite(source).all() and np.isfinite(target).all() and np.isfinite(weights).all()):
        good = np.isfinite(source).all(axis=1) & np.isfinite(target).all(axis=1) & np.isfinite(weights)
        return f"pair {int(np.argmin(good))} is not finite"
    usable = int((weights > 0).sum())
    if usable < least:
        kind = "pair" if least == 1 else "pairs"
        return f"too few points: expected at least {least} {kind} of positive weight, given {usable}"
    return ""
