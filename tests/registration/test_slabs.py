"""Parts of arrays: together they are the whole, the same for any number of threads."""

import numpy as np
import pytest
from scipy.ndimage import correlate1d

import warpkit as wk
from warpkit.registration import _slabs
from warpkit.registration._slabs import correlate_rows, in_slabs


def found(shape, **options):
    slabs = []
    in_slabs(slabs.append, shape, options.pop("library", np), **options)
    return sorted(slabs, key=lambda slab: slab.core[-1].start)


@pytest.mark.parametrize("axis", [1, 2])
@pytest.mark.parametrize("threads", [1, 3])
def test_slabs_are_the_whole(monkeypatch, axis, threads):
    monkeypatch.setattr(_slabs, "PIXELS", 60)
    before = wk.get_num_threads()
    wk.set_num_threads(threads)
    try:
        slabs = found((2, 20, 31), axis=axis, reach=2)
    finally:
        wk.set_num_threads(before)
    numbers = np.arange(2 * 20 * 31).reshape(2, 20, 31)
    assert len(slabs) == -(-20 * 31 // 60)
    np.testing.assert_array_equal(np.concatenate([numbers[s.core] for s in slabs], axis), numbers)
    for slab in slabs:
        np.testing.assert_array_equal(numbers[slab.wide][slab.inner], numbers[slab.core])
        assert numbers[slab.wide].shape[axis] <= numbers[slab.core].shape[axis] + 4


def test_arrays_of_other_libraries_are_one_slab():
    assert len(found((1, 1000, 1000), library=pytest)) == 1


def test_nothing_has_no_slabs():
    assert found((1, 0, 5)) == []


def test_rows_are_correlated():
    images, weights = np.random.default_rng(0).standard_normal((2, 9, 4, 5)), [0.2, -1.0, 3.0]
    np.testing.assert_allclose(
        correlate_rows(images, weights), correlate1d(images, weights, axis=1)[:, 1:-1], atol=1e-14
    )


def test_what_a_slab_raises_is_raised():
    def fail(slab):
        raise ArithmeticError(slab)

    with pytest.raises(ArithmeticError):
        in_slabs(fail, (1, 2000, 2000), np)
