"""Blocks cover all points once, in order, and what is computed in them joins to the whole."""

import numpy as np
import pytest

from warpkit.warping import _blocks
from warpkit.warping._blocks import Block, cotangents_in_blocks, in_blocks, partition


def drawn_counts(seed=0, n=3, m=50, ndim=2):
    return np.random.default_rng(seed).integers(1, 9, (n, m, ndim))


def taken(block, counts):
    part = counts[block.items, block.points]
    return part.shape[0] * part.shape[1] * part.max((0, 1)).prod()


@pytest.mark.parametrize("limit", [1, 64, 300, 5000, 10**6])
def test_every_point_is_in_one_block(monkeypatch, limit):
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    counts = drawn_counts()
    seen = np.zeros(counts.shape[:2], int)
    order = []
    for row in partition(counts):
        assert len({(block.items.start, block.items.stop) for block in row}) == 1
        for block in row:
            seen[block.items, block.points] += 1
            order.append((block.items.start, block.points.start))
            length = block.points.stop - block.points.start
            assert length > 1
            assert (block.items.stop - block.items.start == 1 and length < 4) or taken(block, counts) <= limit
    assert (seen == 1).all()
    assert order == sorted(order)


def test_few_samples_are_unused(monkeypatch):
    """Points that take many samples are not computed together with points that take few."""
    monkeypatch.setattr(_blocks, "SAMPLES", 2**12)
    counts = np.ones((1, 512, 2), int)
    counts[:, 500:] = 16
    blocks = [block for row in partition(counts) for block in row]
    needed = int(counts.prod(-1).sum())
    assert sum(taken(block, counts) for block in blocks) < 2 * needed + 2**8 * len(blocks)
    assert len(blocks) > 1
    alike = np.full((1, 512, 2), 2)
    assert len(partition(alike)[0]) == 1


@pytest.mark.parametrize("shape", [(0, 4, 2), (2, 0, 2), (0, 0, 1)])
def test_empty(shape):
    rows = partition(np.ones(shape, int))
    assert [block.items for row in rows for block in row] == [slice(0, shape[0])]


def test_cut():
    image, grid = np.arange(3.0).reshape(3, 1, 1), np.arange(24.0).reshape(3, 4, 2)
    block = Block(slice(1, 2), slice(2, 4))
    cut = block.cut((image, grid, grid[:1], grid[:, :1], None))
    np.testing.assert_array_equal(cut[0], image[1:2])
    np.testing.assert_array_equal(cut[1], grid[1:2, 2:4])
    np.testing.assert_array_equal(cut[2], grid[:1, 2:4])  # a batch of 1 serves all
    np.testing.assert_array_equal(cut[3], grid[1:2, :1])  # and so does a single point
    assert cut[4] is None


@pytest.mark.parametrize("limit", [1, 300, 10**6])
@pytest.mark.parametrize("lengths", [(3, 3, 3), (1, 3, 1), (3, 1, 1), (1, 3, 3)])
@pytest.mark.parametrize("points", [50, 1])
def test_values_and_cotangents_join(monkeypatch, limit, lengths, points):
    """For a function linear in image and points, with one cotangent that is not asked for."""
    monkeypatch.setattr(_blocks, "SAMPLES", limit)
    rng = np.random.default_rng(1)
    counts = drawn_counts()
    image, a, b = (
        rng.standard_normal((n, *rest))
        for n, rest in zip(lengths, [(2, 4), (50, 2), (points, 2)], strict=True)
    )
    ct = rng.standard_normal((3, 2, 50))

    def value(image, a, b):
        return (image.sum(-1)[:, :, None] * (a * b).sum(-1)[:, None]) + np.zeros((a.shape[0], 2, 1))

    def cotangents(block):
        part_image, part_a, part_b = block.cut((image, a, b))
        part = ct[block.items, :, block.points]
        weighted = part * (part_a * part_b).sum(-1)[:, None]
        shape = (part.shape[0], *image.shape[1:])
        ct_image = np.broadcast_to(weighted.sum(-1)[..., None], shape)
        ct_a = (part * part_image.sum(-1)[:, :, None]).sum(1)[..., None] * part_b
        return (
            ct_image.sum(0, keepdims=True) if image.shape[0] == 1 else ct_image,
            ct_a.sum(0, keepdims=True) if a.shape[0] == 1 else ct_a,
            None,
        )

    arrays = (image, a, b)
    out = in_blocks(lambda block: value(*block.cut(arrays)), counts)
    np.testing.assert_array_equal(out, np.broadcast_to(value(*arrays), (3, 2, 50)))
    ct_image, ct_a, ct_b = cotangents_in_blocks(cotangents, arrays, counts)
    assert ct_b is None
    assert ct_image.shape == image.shape
    whole = cotangents(Block(slice(0, 3), slice(0, 50)))
    np.testing.assert_allclose(ct_image, whole[0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(ct_a, whole[1], rtol=1e-12, atol=1e-12)


def test_cotangents_of_a_single_point_are_added_up(monkeypatch):
    monkeypatch.setattr(_blocks, "SAMPLES", 8)
    rng = np.random.default_rng(2)
    image, matrix, ct = rng.standard_normal((2, 1)), np.zeros((2, 1, 2)), rng.standard_normal((2, 30))

    def cotangents(block):
        total = ct[block.items, block.points].sum(1)[:, None, None]
        return image[block.items], np.broadcast_to(total, matrix[block.items].shape)

    _, found = cotangents_in_blocks(cotangents, (image, matrix), np.full((2, 30, 2), 2))
    np.testing.assert_allclose(found, ct.sum(1)[:, None, None] + matrix, rtol=1e-12)
