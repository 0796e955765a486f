"""The demo's picture: what the transformer makes of turned digits, and where it looks."""

from __future__ import annotations

import numpy as np

from warpkit import no_grad
from warpkit._core import plain
from warpkit.datasets import Dataset, rotate_by
from warpkit.nn import SpatialTransformer
from warpkit.viz import ImageRow, find_outlines

ANGLES = (-75, 0, 75)


def picture_rows(transformer: SpatialTransformer, dataset: Dataset) -> list[ImageRow]:
    """Show a test digit of each class, at several angles, over what the transformer makes of it.

    The outline on an input is where the transformer looks: the edges of its output.
    """
    first = [int(np.argmax(dataset.test_labels == label)) for label in np.unique(dataset.test_labels)]
    rows = []
    for angle in ANGLES:
        images, _ = rotate_by(dataset.test_images[first], angle)
        with no_grad():
            outputs = plain(transformer(images))
            outlines = find_outlines(transformer.localize(images), images.shape[2:])
        rows.append(ImageRow(f"turned by {angle}°", images[:, 0], outlines))
        rows.append(ImageRow("what the transformer\nmakes of it", outputs[:, 0]))
    return rows
