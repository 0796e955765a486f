"""How the coordinates of one image in two frames hang together."""

from __future__ import annotations

from warpkit.grids import frame_scales


def frame_change(
    shape: tuple[int, ...], source: str, target: str
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """The factors d and offsets e of target = d * source + e, in the order (x, y[, z])."""
    (s, o), (t, q) = frame_scales(shape, source), frame_scales(shape, target)
    factors = tuple(a / b for a, b in zip(s, t, strict=True))
    return factors, tuple((a - b) / c for a, b, c in zip(o, q, t, strict=True))


def common_factor(
    in_shape: tuple[int, ...], out_shape: tuple[int, ...], source: str, target: str
) -> float | None:
    """The one factor of all axes, if the two images are of one shape and there is one; else None."""
    factors = frame_change(in_shape, source, target)[0]
    return factors[0] if in_shape == out_shape and len(set(factors)) == 1 and factors[0] else None
