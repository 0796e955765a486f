"""The normalised direct linear transform."""

from __future__ import annotations

import numpy as np

from ._estimates import FailedEstimate, PointPairs

LARGEST_CONDITION_NUMBER = 1e10
"""Of a homography between normalised points: beyond this it maps them onto a line."""


def estimate_homographies(pairs: PointPairs) -> np.ndarray | FailedEstimate:
    """Homogeneous matrices (n, ndim + 1, ndim + 1), their last element 1, or why there are none."""
    found = []
    for i, (src, dst, weights) in enumerate(zip(pairs.src, pairs.dst, pairs.weights, strict=True)):
        result = _estimate(src, dst, weights, pairs.dtype)
        if isinstance(result, str):
            return FailedEstimate(f"batch element {i}: {result}")
        found.append(result)
    return np.reshape(found, (-1, pairs.ndim + 1, pairs.ndim + 1))


def _estimate(src: np.ndarray, dst: np.ndarray, weights: np.ndarray, dtype: np.dtype) -> np.ndarray | str:
    ndim = src.shape[1]
    used = weights > 0
    src, dst, weights = src[used], dst[used], weights[used]
    from_src, to_dst = _normalization(src), _normalization(dst)
    if from_src is None or to_dst is None:
        return f"the {'source' if from_src is None else 'target'} points coincide"
    x = _homogeneous(src) @ from_src.T
    y = (_homogeneous(dst) @ to_dst.T)[:, :ndim]
    root = np.sqrt(weights / weights.max())[:, None]
    equations = np.zeros((len(x), ndim, ndim + 1, ndim + 1))
    for d in range(ndim):  # h_d(x) - y_d w(x) = 0
        equations[:, d, d] = root * x
        equations[:, d, ndim] = -root * y[:, d : d + 1] * x
    rows, unknowns = equations.reshape(len(x) * ndim, -1), (ndim + 1) ** 2
    # The null vector of as few points as determine a map is not among the first ones; of many points the left
    # vectors, a matrix of their number, are of no use.
    _, values, vt = np.linalg.svd(rows, full_matrices=len(rows) < unknowns)
    if not values[unknowns - 2] > 1e3 * np.finfo(dtype).eps * values[0]:
        return "several homographies fit: too many of the points lie on a line or plane"
    normalized = vt[-1].reshape(ndim + 1, ndim + 1)
    if not np.linalg.cond(normalized) < LARGEST_CONDITION_NUMBER:
        return "the best homography is singular: too many of the points lie on a line or plane"
    theta = np.linalg.solve(to_dst, normalized @ from_src)
    if abs(theta[-1, -1]) <= 1e-12 * np.abs(theta[-1]).max():
        return "the frame's origin would be infinitely far"
    theta = theta / theta[-1, -1]
    w = _homogeneous(src) @ theta[-1]
    if (w <= 0).any():
        pair = int(np.flatnonzero(used)[np.argmax(w <= 0)])
        return f"source point {pair} would be beyond the horizon, seen from the frame's origin"
    return theta


def _homogeneous(points: np.ndarray) -> np.ndarray:
    return np.concatenate([points, np.ones((len(points), 1))], axis=1)


def _normalization(points: np.ndarray) -> np.ndarray | None:
    """The homogeneous matrix that centres points and scales them to a root mean square of sqrt(ndim)."""
    ndim = points.shape[1]
    centre = points.mean(axis=0)
    size = np.sqrt(((points - centre) ** 2).sum() / len(points))
    if not size > 1e3 * np.finfo(np.float64).eps * np.abs(points).max():
        return None
    matrix = np.eye(ndim + 1) * (np.sqrt(ndim) / size)
    matrix[:-1, -1] = -centre * np.sqrt(ndim) / size
    matrix[-1, -1] = 1.0
    return matrix
