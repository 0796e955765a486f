r"""Starts from where an image's mass is, and from turns of it about there.

Mass is brightness, over the darkest pixel that counts. Its centre and its second moments,

.. math:: c = \frac{1}{M} \sum_p m(p)\,p, \qquad S = \frac{1}{M} \sum_p m(p)\,(p - c)(p - c)^T,

are found from one image at a time. If two images show the same, all of it, turned by R and scaled by s, then
:math:`S_M = s^2 R\,S_F\,R^T`: R turns the axes of one S to those of the other. It does so in several ways, as
axes have no sign: two in a plane, four in space (N. M. Alpert, J. F. Bradshaw, D. Kennedy, J. A. Correia,
"The principal axes transformation: a method for image registration", Journal of Nuclear Medicine 31 (10),
1990).

Where that does not lead to an answer, turns all over the group of rotations are tried: each 15 degrees in a
plane; in space 600 on spirals (M. Alexa, "Super-Fibonacci spirals: fast, low-discrepancy sampling of SO(3)",
CVPR 2022), of which one is within 25 degrees of any. Those are refined that look best on the coarsest level,
blurred so much that turns between them look alike.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np

from ._pyramid import blurred
from ._refine import Pair, comparison

TURNS = {2: 24, 3: 600}
BLUR = 0.05  # of the longest side
OTHER_SCALE = 1.2  # if the masses' sizes differ by more, both their ratio and 1 are tried
SPIRALS = (2**0.5, 1.533751168755204288118041)  # the second is the root of s^4 = s + 4
LEAST_OVERLAP = 0.3  # of the fixed image, for a turn to be looked at
MOST_TURNS = 4  # are refined


@dataclass(frozen=True, eq=False)
class Mass:
    """Where the mass of an image is, in space.

    Attributes
    ----------
    centre : ndarray (ndim,)
    spread : ndarray (ndim, ndim)
        Second moments about the centre.
    """

    centre: np.ndarray
    spread: np.ndarray

    @classmethod
    def of(cls, image: np.ndarray, weights: np.ndarray | None, to_space: np.ndarray) -> Mass | None:
        """Of an image (*spatial); what has weight 0 has no mass. None without any."""
        counted = np.ones(image.shape, bool) if weights is None else weights > 0
        if not counted.any() or image[counted].min() == image[counted].max():
            return None
        mass = np.where(counted, image - image[counted].min(), 0).astype(np.float64)
        mass = mass if weights is None else mass * weights
        mass /= mass.sum()
        along = [np.arange(n) for n in image.shape]
        centre = np.array([_marginal(mass, (i,)) @ along[i] for i in range(mass.ndim)])
        offsets = [places - middle for places, middle in zip(along, centre, strict=True)]
        spread = np.zeros((mass.ndim, mass.ndim))
        for i, j in itertools.combinations_with_replacement(range(mass.ndim), 2):
            along_both = np.diag(_marginal(mass, (i,))) if i == j else _marginal(mass, (i, j))
            spread[i, j] = spread[j, i] = offsets[i] @ along_both @ offsets[j]
        # Coordinates are in the opposite order of axes.
        turned = to_space[:-1, :-1]
        return cls(turned @ centre[::-1] + to_space[:-1, -1], turned @ spread[::-1, ::-1] @ turned.T)

    def axes(self) -> np.ndarray:
        """Principal axes, a rotation's columns."""
        vectors = np.linalg.eigh(self.spread)[1]
        vectors[:, 0] *= np.sign(np.linalg.det(vectors))
        return vectors

    @property
    def size(self) -> float:
        """The root mean square distance from the centre."""
        return float(np.trace(self.spread)) ** 0.5


def _marginal(mass: np.ndarray, axes: tuple[int, ...]) -> np.ndarray:
    return mass.sum(axis=tuple(i for i in range(mass.ndim) if i not in axes))


def shift_start(fixed: Mass, moving: Mass) -> np.ndarray:
    """The shift that brings the centres together."""
    return _about_centres(np.eye(len(fixed.centre)), fixed, moving)


def axes_starts(fixed: Mass, moving: Mass, *, scaled: bool) -> Iterator[np.ndarray]:
    """Motions that bring the principal axes together, of all signs; and similarities, `scaled`."""
    one, other = fixed.axes(), moving.axes()
    for scale, signs in itertools.product(
        _scales(fixed, moving, scaled=scaled), itertools.product((1.0, -1.0), repeat=len(one))
    ):
        if np.prod(signs) > 0:
            yield _about_centres(scale * other @ np.diag(signs) @ one.T, fixed, moving)


def turn_starts(pair: Pair, fixed: Mass, moving: Mass) -> Iterator[np.ndarray]:
    """Of turns about the centres those that look best, the best first."""
    coarse, found = _coarse(pair), list[tuple[float, int, np.ndarray]]()
    scales = _scales(fixed, moving, scaled=pair.group.name != "rigid")
    for turn, scale in itertools.product(_turns(pair.group.ndim), scales):
        matrix = _about_centres(scale * turn, fixed, moving)
        images = comparison(coarse, 0, matrix)
        view = images.view(matrix)
        if images.overlap(view) >= LEAST_OVERLAP:
            found.append((images.cost(view, view.weights), len(found), matrix))
    for _, _, matrix in sorted(found, key=lambda one: one[:2])[:MOST_TURNS]:
        yield matrix


def _coarse(pair: Pair) -> Pair:
    """The coarsest level, blurred."""
    level = min(len(pair.fixed), len(pair.moving)) - 1
    sigma = BLUR * max(pair.fixed[level].shape)
    axes = pair.group.ndim
    one, other = (blurred(levels[level], [sigma] * axes, [1] * axes) for levels in (pair.fixed, pair.moving))
    return replace(pair, fixed=[one], moving=[other])


def _scales(fixed: Mass, moving: Mass, *, scaled: bool) -> tuple[float, ...]:
    """That of the masses, and 1: an object may be cut off."""
    scale = moving.size / fixed.size
    if not scaled:
        return (1.0,)
    return (scale, 1.0) if max(scale, 1 / scale) > OTHER_SCALE else (scale,)


def _turns(ndim: int) -> np.ndarray:
    """Rotations (n, ndim, ndim) all over the group, none of them farther than needed from the next."""
    from scipy.spatial.transform import Rotation  # not with warpkit: it takes long to load

    count = TURNS[ndim]
    if ndim == 2:
        angles = np.arange(count) * (2 * np.pi / count)
        return Rotation.from_rotvec(angles[:, None] * [0, 0, 1]).as_matrix()[:, :2, :2]
    share = (np.arange(count) + 0.5) / count
    one, other = (2 * np.pi * count * share / step for step in SPIRALS)
    inner, outer = np.sqrt(share), np.sqrt(1 - share)
    quaternions = [inner * np.sin(one), inner * np.cos(one), outer * np.sin(other), outer * np.cos(other)]
    return Rotation.from_quat(np.stack(quaternions, axis=1)).as_matrix()


def _about_centres(linear: np.ndarray, fixed: Mass, moving: Mass) -> np.ndarray:
    """The map with that linear part that brings the centres together."""
    matrix = np.eye(len(linear) + 1)
    matrix[:-1, :-1] = linear
    matrix[:-1, -1] = moving.centre - linear @ fixed.centre
    return matrix
