"""Learning rates that change."""

import pytest

from warpkit.nn import CosineDecay, StepDecay


def test_the_papers_schedule():
    schedule = StepDecay(0.01, every=50_000)
    rates = [schedule(i) for i in (0, 49_999, 50_000, 100_000, 149_999)]
    assert rates == pytest.approx([0.01, 0.01, 0.001, 0.0001, 0.0001])


def test_half_a_cosine():
    schedule = CosineDecay(0.5, 100)
    assert schedule(0) == 0.5
    assert schedule(50) == pytest.approx(0.25)
    assert schedule(100) == schedule(1000) == pytest.approx(0)


def test_errors():
    with pytest.raises(ValueError, match="steps: expected a number of steps of at least 1, given 0"):
        CosineDecay(0.1, steps=0)
    with pytest.raises(ValueError, match="every: expected a number of steps of at least 1, given 0"):
        StepDecay(0.1, every=0)
