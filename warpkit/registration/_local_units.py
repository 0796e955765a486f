r"""Local units: each pixel less the mean of its surroundings, in units of their deviation.

Images in local units are alike where one is, within every window, a gain times the other and a bias: as
different scanners, stains and lights make them. Half the mean of their squared differences is one less the
mean local correlation (up to FLOOR, which keeps noise in flat regions from counting as much as edges).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from warpkit._core import Array, namespace, ndimage

from ._slabs import Slab, correlate_rows, in_slabs

RADIUS = 2  # pixels: windows are cubes of 2 * RADIUS + 1
FLOOR = 0.1  # is added to deviations, squared: of the image's own


@dataclass(frozen=True, eq=False)
class LocalUnits:
    r"""Images (c, *spatial) in local units, :math:`\hat V = (V - m) / \sigma`, and what these are.

    With sums B over the windows, :math:`N = B(w)`, :math:`m = B(w V) / N` and :math:`\sigma^2 =
    B(w V^2) / N - m^2 +` FLOOR squared.
    """

    image: Array
    weights: Array
    near: Array
    mean: Array
    deviation: Array

    @classmethod
    def of(cls, image: Array, weights: Array | None) -> LocalUnits:
        """What `weights` (*spatial) leave out is no part of any window; it must be finite."""
        xp = namespace(image)
        some = xp.ones(image.shape[1:], image.dtype) if weights is None else weights.astype(image.dtype)
        near, mean, deviation = xp.empty_like(some[None]), xp.empty_like(image), xp.empty_like(image)

        def find_in(slab: Slab) -> None:
            weighted = some[None][slab.wide]
            near[slab.core] = xp.maximum(_window_means(weighted), 1e-6)[slab.inner]
            weighted = weighted * image[slab.wide]
            mean[slab.core] = _window_means(weighted)[slab.inner] / near[slab.core]
            squares = _window_means(weighted * image[slab.wide])[slab.inner] / near[slab.core]
            variance = xp.maximum(squares - mean[slab.core] * mean[slab.core], 0)
            deviation[slab.core] = xp.sqrt(variance + FLOOR**2)

        in_slabs(find_in, image.shape, xp, reach=RADIUS)
        return cls(image, some, near, mean, deviation)

    @cached_property
    def values(self) -> Array:
        r""":math:`\hat V`."""
        return (self.image - self.mean) / self.deviation

    def cotangent(self, ct_values: Array) -> Array:
        r"""By V; sums over windows are their own adjoint.

        .. math:: \bar V = \frac{a}{\sigma} - w \left(B \frac{a}{\sigma N} + V B c - B (c m)\right), \qquad
           a = \bar{\hat V},\ c = \frac{a \hat V}{\sigma^2 N}.
        """
        direct = ct_values / self.deviation
        across = direct * self.values / (self.deviation * self.near)
        by_mean, by_square = _window_means(direct / self.near), _window_means(across)
        return direct - self.weights * (by_mean + self.image * by_square - _window_means(across * self.mean))


def _window_means(images: Array) -> Array:
    """Of channels (c, *spatial); beyond the edges is nothing, so that this is its own adjoint."""
    xp, length = namespace(images), 2 * RADIUS + 1
    along_rows = ndimage(images).uniform_filter(
        images, [1, 1] + [length] * (images.ndim - 2), mode="constant"
    )
    padding = [(0, 0), (RADIUS, RADIUS)] + [(0, 0)] * (images.ndim - 2)
    return correlate_rows(xp.pad(along_rows, padding), [1 / length] * length)
