"""Heads of two modalities are aligned in millimetres."""

import pytest

import warpkit as wk
from benchmarks.registration.volumes import CONTRASTS, PAIRS, TRUTH, align, apart, path_of, seen_by_another


@pytest.mark.parametrize("contrast", ["inverted", "inverted and bent"])
def test_a_known_map(contrast, data):
    del data
    head = wk.read_image(path_of("flash_t1"))
    fixed = seen_by_another(head, CONTRASTS[contrast])
    result = align(fixed, head)
    assert result.converged, result.reason
    assert apart(result.transform, TRUTH, fixed.geometry) < 0.1


@pytest.mark.parametrize("pair", PAIRS)
def test_two_modalities(pair, data):
    del data
    result = align(*(wk.read_image(path_of(name)) for name in PAIRS[pair]))
    assert result.converged, result.reason
    assert result.metric > 0.6
