"""The gradient slab by slab against the rule, which is written in ops."""

import numpy as np
import pytest

from warpkit.metrics import _window_stream as stream
from warpkit.metrics import local_correlation
from warpkit.metrics._local_correlation import _vjp_in_ops
from warpkit.testing import check_jvp


@pytest.mark.parametrize("shape", [(40,), (3,), (9, 17), (2, 30), (13, 6, 5)])
@pytest.mark.parametrize("radius", [0, 1, 4])
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("elements", [1, 10**6])
def test_slabs_against_the_rule(shape, radius, weighted, elements, monkeypatch):
    monkeypatch.setattr(stream, "ELEMENTS", elements)
    rng = np.random.default_rng(0)
    fixed = rng.standard_normal((2, 2, *shape))
    moving = fixed + rng.standard_normal(fixed.shape)
    arrays = fixed, moving
    if weighted:
        weights = rng.uniform(0.1, 2.0, (1, *shape))
        weights[..., 1] = 0
        arrays = fixed, moving, weights
    ct = rng.standard_normal(2)
    for first in (True, False):
        for second in (True, False):
            needs = (first, second, False)[: len(arrays)]
            found = local_correlation.vjp(ct, *arrays, needs=needs, radius=radius)
            expected = _vjp_in_ops(ct, *arrays, needs=needs, radius=radius)
            for x, y in zip(found, expected, strict=True):
                assert (x is None) == (y is None)
                if x is not None:
                    np.testing.assert_allclose(x, y, rtol=1e-9, atol=1e-14)


def test_the_value_does_not_depend_on_slabs(monkeypatch):
    rng = np.random.default_rng(0)
    fixed, moving = rng.standard_normal((2, 1, 1, 30, 9))
    whole = local_correlation(fixed, moving, radius=2)
    monkeypatch.setattr(stream, "ELEMENTS", 20)
    np.testing.assert_allclose(local_correlation(fixed, moving, radius=2), whole, rtol=1e-14)


def test_the_rule_itself_at_weights_and_slabs(monkeypatch):
    """The jvp is always the rule's: central differences are taken of values that came in slabs."""
    monkeypatch.setattr(stream, "ELEMENTS", 1)
    rng = np.random.default_rng(1)
    fixed, moving = rng.standard_normal((2, 1, 1, 12, 5))
    check_jvp(local_correlation, fixed, moving, rng.uniform(0.5, 1.5, (1, 12, 5)), radius=2)
