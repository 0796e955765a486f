"""Columns: what each element of the weight meets, and how it is added back."""

import numpy as np
import pytest

from warpkit.ops import _columns
from warpkit.ops._columns import (
    Geometry,
    add_columns,
    batch_first,
    columns_of,
    met_in_row,
    pad,
    rows_first,
)


@pytest.mark.parametrize("spatial", [(4,), (4, 5), (4, 5, 6)])
def test_rows_first_and_back(spatial):
    x = np.random.default_rng(0).standard_normal((3, 2, *spatial))
    turned = rows_first(x, x.dtype)
    assert turned.shape == (4, 2, *spatial[1:], 3)
    assert turned.flags.c_contiguous
    np.testing.assert_array_equal(turned[1, 0, ..., 2], x[2, 0, 1])
    np.testing.assert_array_equal(batch_first(turned), x)


def test_pad():
    image = np.arange(6.0).reshape(1, 1, 2, 3)
    padded = pad(image, Geometry.of((2, 3), (1, 1), 1, (1, 2), 1), image.dtype)
    np.testing.assert_array_equal(padded[:, 0, :, 0], np.pad(image[0, 0], ((1, 1), (2, 2))))


def test_columns_by_hand():
    """Two rows of four elements, and windows of two by two: the first axis needs no columns of its own."""
    geometry = Geometry.of((2, 4), (2, 2), 1, 0, 1)
    columns = columns_of(np.arange(8.0).reshape(2, 1, 4, 1), geometry)
    np.testing.assert_array_equal(columns, [[[0, 1, 2], [1, 2, 3]], [[4, 5, 6], [5, 6, 7]]])
    met = met_in_row(columns, 0, geometry)
    np.testing.assert_array_equal(met, [[0, 1, 2], [1, 2, 3], [4, 5, 6], [5, 6, 7]])
    assert np.shares_memory(met, columns)


def test_adding_back_is_adjoint():
    rng = np.random.default_rng(1)
    geometry = Geometry.of((5, 6), (2, 3), (2, 1), 0, (1, 2))
    image = rng.standard_normal((5, 3, 6, 2))
    columns = columns_of(image, geometry)
    values, back = rng.standard_normal(columns.shape), np.zeros_like(image)
    for row in range(5):
        add_columns(values[row], geometry, back[row])
    np.testing.assert_allclose(np.vdot(columns, values), np.vdot(image, back))


@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("dilation", [1, 2, 3, 4])
def test_what_meets_a_row(stride, dilation):
    geometry = Geometry.of((14,), (4,), stride, 0, dilation)
    windows, taps = np.arange(geometry.out[0]), np.arange(4)
    for row in range(14):
        some_windows, some_turned = geometry.meeting(row)
        found = set(zip(windows[some_windows], taps[::-1][some_turned], strict=True))
        assert found == {(p, k) for p in windows for k in taps if p * stride + k * dilation == row}


@pytest.mark.parametrize("elements", [1, 200, 10**6])
def test_blocks_cover_all_rows_once(monkeypatch, elements):
    monkeypatch.setattr(_columns, "BLOCK_ELEMENTS", elements)
    geometry = Geometry.of((9, 6), (3, 2), (2, 1), 0, (1, 1))
    rows = []
    for block, seen in geometry.blocks(channels=2, batch=3):
        rows += block
        assert (seen.start, seen.stop) == (block[0] * 2, block[-1] * 2 + 3)
        assert len(block) == 1 or (seen.stop - seen.start) * 2 * 2 * 5 * 3 <= elements
    assert rows == list(range(geometry.out[0]))
