r"""The coefficients of the spline that goes through the pixels of an image.

At the pixel centres, sampling coefficients `c` along one axis is a matrix `M` with the kernel's weight for
the pixel itself on the diagonal, and that for its neighbours beside it. The boundary says which coefficient
the first and the last pixel read outside, and so where in their rows of `M` that weight is added:

=========================  ==================================================
constant (`fill_value` 0)  nowhere
border, reflect            on the diagonal: the pixel's own is read once more
mirror                     beside it: the other neighbour's is read once more
wrap                       in the corners of `M`: the other end's is read
=========================  ==================================================

So :math:`M c = U` is exact for every boundary, and nothing else is assumed of the spline beyond the image.
The matrix is tridiagonal but for those corners, and diagonally dominant: it is solved by elimination without
exchanging rows, for all lines of pixels at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from warpkit._core import Array, Sample, check_choice, namespace, op, plain, wrong_value

from ._boundary import BOUNDARIES, resolve_index
from ._gather import compute_dtype
from .kernels import get_kernel

ROUNDING = 1e-12
"""A weight that is not larger is zero: how a kernel computes it is its own business."""


@op(linear=("image",), batch=("image",))
def spline_coefficients(image: Array, *, kernel: str, boundary: str) -> Array:
    r"""Find the coefficients whose spline goes through an image: sampled at its pixels they give it back.

    **Convention.** Sample the result with the same `kernel` and `boundary`.

    Parameters
    ----------
    image : array, shape (n, c, *spatial)
        One to three spatial axes; floating.
    kernel : {"bspline2", "bspline3"}
        The spline. Kernels that interpolate by themselves ("linear", "cubic", ...) give the image as it is.
    boundary : {"constant", "border", "reflect", "mirror", "wrap"}
        As of :func:`grid_sample`; "constant" is with a `fill_value` of 0.

    Returns
    -------
    array, shape (n, c, *spatial)
        Of the image's dtype.

    Raises
    ------
    ValueError
        If the shape is no image's, an option is unknown, or the kernel reads more at a pixel centre than the
        pixel and its neighbours.
    TypeError
        If the image is not floating.

    Notes
    -----
    Along each axis the coefficients solve :math:`M c = U`, with the matrix `M` of sampling at pixel centres:

    .. math:: \sum_k w_k(0)\, c_{i + k} = U_i,
        \qquad w(0) = \tfrac18 (1, 6, 1) \text{ or } \tfrac16 (1, 4, 1).

    Each coefficient depends on every pixel of its row, column, ...: a NaN spreads along them. Per axis,
    coefficients are up to 2 ("bspline2") or 3 ("bspline3") times as large as the image, and so are errors.

    The op is linear, so its JVP is itself. `M` is symmetric, and the VJP the op itself, except under
    "mirror": there :math:`M^T = D M D^{-1}` with a diagonal `D` of ones, and of 1/2 for the two ends, hence
    :math:`\bar U = D M^{-1} D^{-1} \bar c`.

    Splines add up to 1, so with a fill value `f` the coefficients are `f + spline_coefficients(image - f)`.

    References
    ----------
    M. Unser, A. Aldroubi, M. Eden, "B-spline signal processing", IEEE Transactions on Signal Processing
    41(2), 1993.

    Examples
    --------
    >>> import numpy as np, warpkit as wk
    >>> image = np.array([[[0.0, 3.0, 0.0, 1.0, 5.0]]])
    >>> options = {"kernel": "bspline3", "boundary": "mirror"}
    >>> coefficients = wk.spline_coefficients(image, **options)
    >>> x = np.array([[[0.0], [1.0], [1.5], [4.0]]])
    >>> wk.grid_sample(coefficients, x, frame="pixel", **options).round(4)
    array([[[0.    , 3.    , 1.9353, 5.    ]]])
    """
    centre, side = _weights_at_pixel(kernel)
    if side == 0 or image.size == 0:
        return image
    xp = namespace(image)
    out = image.astype(compute_dtype(image.dtype))
    for axis in range(2, image.ndim):
        rows = xp.ascontiguousarray(xp.moveaxis(out, axis, 0))
        system = _TridiagonalSystem.of(image.shape[axis], centre, side, boundary)
        out = xp.moveaxis(system.solve(rows), 0, axis)
    return xp.ascontiguousarray(out, dtype=image.dtype)


def _weights_at_pixel(kernel: str) -> tuple[float, float]:
    """The weights that a kernel has at a pixel centre, for the pixel itself and for its two neighbours."""
    sampled = get_kernel(kernel)
    weights = sampled.weights(np.zeros(1), 0) or []
    read = {offset: float(w[0]) for offset, w in zip(sampled.offsets, weights, strict=True)}
    centre, below, above = (read.pop(offset, 0.0) for offset in (0, -1, 1))
    unexpected = [abs(above - below), *map(abs, read.values())]
    if max(unexpected) > ROUNDING or not centre > 2 * abs(above):
        raise wrong_value(
            "kernel",
            "a symmetric one that at a pixel centre reads that pixel above all, and at most its neighbours",
            repr(kernel),
        )
    return centre, above if abs(above) > ROUNDING else 0.0


@dataclass(frozen=True)
class _TridiagonalSystem:
    """The matrix M of sampling at pixel centres; its row i is (lower[i], diagonal[i], upper[i])."""

    lower: list[float]
    diagonal: list[float]
    upper: list[float]
    corner: float
    """The element in the last column of the first row, and in the first column of the last one."""

    @classmethod
    def of(cls, length: int, centre: float, side: float, boundary: str) -> _TridiagonalSystem:
        """What the first and the last pixel read outside is added where the boundary finds it."""
        bands = [side] * length, [centre] * length, [side] * length
        corner = 0.0
        for row, outside in ((0, -1.0), (length - 1, float(length))):
            pixel, inside, _ = resolve_index(np.array(outside), length, boundary)
            if inside is not None and not inside:
                continue
            if abs(pixel - row) <= 1:
                bands[int(pixel) - row + 1][row] += side
            else:
                corner = side
        return cls(*bands, corner)

    def solve(self, x: Array) -> Array:
        """Solve along the first axis, in place.

        With corners, M is a tridiagonal T plus u v', where u = (-d, 0, ..., 0, corner) and
        v = (1, 0, ..., 0, -corner / d) with any d; by Sherman and Morrison's formula
        :math:`M^{-1} x = y - q (v'y) / (1 + v'q)` with :math:`y = T^{-1} x`, :math:`q = T^{-1} u`.
        """
        if not self.corner:
            return _eliminate(x, self.lower, self.diagonal, self.upper)
        d, corner = self.diagonal[0], self.corner
        inner = self.diagonal[1:-1]
        diagonal = [self.diagonal[0] + d, *inner, self.diagonal[-1] + corner * corner / d]
        u = np.array([-d, *[0.0] * len(inner), corner])
        q = _eliminate(u, self.lower, diagonal, self.upper)
        q /= 1 + q[0] - corner / d * q[-1]
        y = _eliminate(x, self.lower, diagonal, self.upper)
        share = y[0] - corner / d * y[-1]
        for i, q_i in enumerate(q.tolist()):
            y[i] -= q_i * share
        return y


def _eliminate(x: Array, lower: list[float], diagonal: list[float], upper: list[float]) -> Array:
    """Solve a tridiagonal system along the first axis, in place."""
    pivot, ratios = diagonal[0], [0.0]
    x[0] /= pivot
    for i in range(1, len(diagonal)):
        ratios.append(upper[i - 1] / pivot)
        pivot = diagonal[i] - lower[i] * ratios[i]
        x[i] = (x[i] - lower[i] * x[i - 1]) / pivot
    for i in range(len(diagonal) - 2, -1, -1):
        x[i] -= ratios[i + 1] * x[i + 1]
    return x


@spline_coefficients.spec
def _spec(image, *, kernel, boundary):
    if not 3 <= image.ndim <= 5:
        raise wrong_value("image", "shape (n, c, *spatial) with 1 to 3 spatial axes", f"shape {image.shape}")
    if not image.differentiable:
        raise TypeError(
            f"image: expected a floating dtype, for coefficients are no integers, given {image.dtype}"
        )
    _weights_at_pixel(kernel)
    check_choice("boundary", boundary, BOUNDARIES)
    return image


@spline_coefficients.vjp.rule
def _vjp(ct_out, image, *, needs, kernel, boundary):
    del image, needs
    if boundary != "mirror":
        return (spline_coefficients(ct_out, kernel=kernel, boundary=boundary),)
    ends = _mirror_weights(ct_out)
    return (spline_coefficients(ct_out / ends, kernel=kernel, boundary=boundary) * ends,)


def _mirror_weights(image):
    """The diagonal of D, the product over axes of (1/2, 1, ..., 1, 1/2): a reflected pixel is read once."""
    xp, shape = namespace(plain(image)), tuple(image.shape)
    weights = xp.ones((1, 1, *shape[2:]), image.dtype)
    for axis in range(2, len(shape)):
        ends = xp.moveaxis(weights, axis, 0)[:: max(shape[axis] - 1, 1)]
        ends /= 2
    return weights


@spline_coefficients.jvp.rule
def _jvp(tangents, image, *, kernel, boundary):
    del image
    return spline_coefficients(tangents[0], kernel=kernel, boundary=boundary)


@spline_coefficients.samples
def _samples(rng):
    for spatial, kernel, boundary in [
        ((5,), "bspline2", "mirror"),
        ((4, 3), "bspline3", "mirror"),
        ((4, 5), "bspline3", "wrap"),
        ((2, 1, 3), "bspline3", "mirror"),
        ((3, 4, 2), "bspline2", "constant"),
        ((3,), "bspline3", "reflect"),
        ((3, 2), "linear", "border"),
    ]:
        yield Sample((rng.standard_normal((2, 2, *spatial)),), {"kernel": kernel, "boundary": boundary})
