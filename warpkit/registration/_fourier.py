r"""Starts from spectra: a shift by phase correlation; rotation and scale by the spectra's amplitudes.

Where :math:`F(p) = M(p + t)`, the phases of the two spectra differ by :math:`e^{i k \cdot t}` and in nothing
else: without amplitudes, the inverse transform of their product is a peak at t (C. D. Kuglin, D. C. Hines,
"The phase correlation image alignment method", IEEE International Conference on Cybernetics and Society,
1975).

Where :math:`F(p) = M(s R p + t)`, amplitudes know nothing of t, and :math:`|\hat F(k)| \propto |\hat M(R k /
s)|`: in polar coordinates with the logarithm of the radius, rotation and scale are a shift, which phase
correlation finds (B. S. Reddy, B. N. Chatterji, "An FFT-based technique for translation, rotation, and
scale-invariant image registration", IEEE Transactions on Image Processing 5 (8), 1996). A spectrum of a real
image is symmetric, so a turn by half a circle more is as good; both are tried.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from warpkit.sampling import grid_sample
from warpkit.transforms import Affine, Projective
from warpkit.warping import warp

from ._matrix_groups import map_points, scaling
from ._pyramid import in_blocks

SIDE = 256  # pixels: of the square, or 64 of the cube, that images are brought into
CUBE = 64
ANGLES = 360  # in half a circle
RADII = 256
INNERMOST = 4.0  # frequencies below this are of the window, not of the image
PEAKS = 4  # of rotation and scale: each is tried
APART = 5  # samples: nearer ones are the same peak


def phase_start(fixed: np.ndarray, moving: np.ndarray) -> np.ndarray:
    """The shift between two images (*spatial) of any shapes, as a map from pixels to pixels."""
    (one, to_fixed), (other, to_moving) = _in_squares(fixed, moving)
    peak, _ = _peak(_phase_correlation(one, other))
    return to_moving @ scaling([1.0] * fixed.ndim, list(peak[::-1])) @ np.linalg.inv(to_fixed)


def fourier_mellin_starts(
    fixed: np.ndarray, moving: np.ndarray, *, scaled: bool = True
) -> Iterator[np.ndarray]:
    """Similarities between two images (height, width), the likeliest rotation and scale first.

    Without `scaled`, rigid motions.
    """
    (one, to_fixed), (other, to_moving) = _in_squares(fixed, moving)
    likely = _phase_correlation(_polar_spectrum(one), _polar_spectrum(other), periodic=0)
    step = np.log(SIDE / 2 / INNERMOST) / (RADII - 1)
    for shift in _peaks(likely, PEAKS):
        angle, scale = shift[0] * np.pi / ANGLES, np.exp(-shift[1] * step) if scaled else 1.0
        for turn in (angle, angle + np.pi):
            matrix = _about_middle(turn, scale)
            turned = warp(other, Projective(matrix[None], frame="pixel"), other.shape)
            peak, _ = _peak(_phase_correlation(one, turned))
            moved = matrix @ scaling([1.0, 1.0], list(peak[::-1]))
            yield to_moving @ moved @ np.linalg.inv(to_fixed)


def _in_squares(fixed: np.ndarray, moving: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    """Both in squares (cubes) of one size and at one scale, and the maps from these pixels to their own."""
    from scipy.ndimage import gaussian_filter

    side, ndim = (SIDE if fixed.ndim == 2 else CUBE), fixed.ndim
    factor = max(*fixed.shape, *moving.shape) / side
    # Means of blocks, and a blur for the rest: what is too fine for the squares is left out.
    length = max(1, int(factor))
    squares = []
    for image in (fixed, moving):
        middle = (np.array(image.shape[::-1]) - 1) / 2
        to_own = scaling([factor] * ndim, list(middle - factor * (side - 1) / 2))
        from_blocks = scaling([float(length)] * ndim, [(length - 1) / 2] * ndim)
        blocks = gaussian_filter(in_blocks(image, length), max(factor / length - 1, 0) / 2, mode="nearest")
        to_blocks = Affine(np.linalg.solve(from_blocks, to_own)[None, :-1], frame="pixel")
        squares.append((warp(blocks - blocks.mean(), to_blocks, (side,) * ndim), to_own))
    return squares


def _phase_correlation(one: np.ndarray, other: np.ndarray, periodic: int | None = None) -> np.ndarray:
    """How likely each shift is. Along an axis that is not periodic images fade out towards their ends."""
    for axis, length in enumerate(one.shape):
        if axis != periodic:
            fade = np.hanning(length + 2)[1:-1].reshape(*(-1 if i == axis else 1 for i in range(one.ndim)))
            one, other = one * fade, other * fade
    product = np.fft.rfftn(one).conj() * np.fft.rfftn(other)
    amplitudes = abs(product)
    phases = product / np.maximum(amplitudes, 1e-12 * amplitudes.max() + 1e-300)
    return np.fft.irfftn(phases, one.shape, axes=range(one.ndim))


def _peaks(likely: np.ndarray, count: int) -> Iterator[np.ndarray]:
    """The greatest values' shifts, which may be negative, the greatest first."""
    likely = likely.copy()
    for _ in range(count):
        shift, place = _peak(likely)
        yield shift
        near = [np.arange(i - APART, i + APART + 1) % n for i, n in zip(place, likely.shape, strict=True)]
        likely[np.ix_(*near)] = -np.inf


def _peak(likely: np.ndarray) -> tuple[np.ndarray, tuple[int, ...]]:
    """The shift of the greatest value, which may be negative, and its index."""
    place = np.unravel_index(likely.argmax(), likely.shape)
    shape = np.array(likely.shape)
    shift = np.array(place)
    return np.where(shift > shape // 2, shift - shape, shift), tuple(int(i) for i in place)


def _polar_spectrum(image: np.ndarray) -> np.ndarray:
    """Logarithms of amplitudes (ANGLES, RADII), over half a circle and logarithms of frequencies."""
    fade = np.outer(*(np.hanning(length + 2)[1:-1] for length in image.shape))
    amplitudes = np.fft.fftshift(abs(np.fft.fft2(image * fade)))
    logarithms = np.log(amplitudes + 1e-6 * amplitudes.max() + 1e-300)
    angles = np.arange(ANGLES) * np.pi / ANGLES
    radii = np.geomspace(INNERMOST, image.shape[0] / 2, RADII)
    places = np.stack([np.outer(np.cos(angles), radii), np.outer(np.sin(angles), radii)], axis=-1)
    places = places + image.shape[0] // 2  # of frequency 0
    polar = grid_sample(logarithms[None, None], places[None], frame="pixel", boundary="border")[0, 0]
    return polar - polar.mean(axis=0)  # amplitudes fall with frequency, in all images alike


def _about_middle(angle: float, scale: float) -> np.ndarray:
    """The similarity (3, 3) that leaves the middle of a square where it is."""
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    matrix = np.array([[cos, -sin, 0.0], [sin, cos, 0.0], [0.0, 0.0, 1.0]])
    middle = np.full((1, 2), (SIDE - 1) / 2)
    matrix[:2, 2] = (middle - map_points(matrix, middle))[0]
    return matrix
