"""Columns: what each element of the weight meets, and how it is added back."""

import numpy as np
import pytest

from warpkit.ops import _columns
from warpkit.ops._columns import Geometry, add_columns, batch_first, batch_last, columns_of, pad


def test_batch_last_and_back():
    x = np.random.default_rng(0).standard_normal((3, 2, 4, 5))
    turned = batch_last(x, x.dtype)
    assert turned.shape == (2, 4, 5, 3)
    assert turned.flags.c_contiguous
    np.testing.assert_array_equal(batch_first(turned), x)


def test_pad():
    image = np.ones((1, 1, 2, 3))
    padded = pad(image, Geometry.of((2, 3), (1, 1), 1, (1, 2), 1), image.dtype)
    np.testing.assert_array_equal(padded[0, :, :, 0], np.pad(image[0, 0], ((1, 1), (2, 2))))


def test_columns_by_hand():
    geometry = Geometry.of((4,), (2,), 1, 0, 1)
    columns = columns_of(np.arange(4.0).reshape(1, 4, 1), geometry, geometry.out)
    np.testing.assert_array_equal(columns, [[0, 1, 2], [1, 2, 3]])


def test_adding_back_is_adjoint():
    rng = np.random.default_rng(1)
    geometry = Geometry.of((5, 6), (2, 3), (2, 1), 0, (1, 2))
    image = rng.standard_normal((3, 5, 6, 2))
    columns = columns_of(image, geometry, geometry.out)
    values, back = rng.standard_normal(columns.shape), np.zeros_like(image)
    add_columns(values, geometry, geometry.out, back)
    np.testing.assert_allclose(np.vdot(columns, values), np.vdot(image, back))


@pytest.mark.parametrize("elements", [1, 200, 10**6])
def test_blocks_cover_all_rows_once(monkeypatch, elements):
    monkeypatch.setattr(_columns, "BLOCK_ELEMENTS", elements)
    geometry = Geometry.of((9, 6), (3, 2), (2, 1), 0, (1, 1))
    rows = []
    for block, seen, count in geometry.blocks(channels=2, batch=3):
        rows += range(*block.indices(geometry.out[0]))
        assert count == (block.stop - block.start, geometry.out[1])
        assert (seen.start, seen.stop) == (block.start * 2, (block.stop - 1) * 2 + 3)
    assert rows == list(range(geometry.out[0]))
