"""The best start is kept, whichever comes first; a start that agrees is kept against its refinement."""

from dataclasses import replace

import numpy as np
import pytest

from warpkit.registration import _choice
from warpkit.registration._arguments import make_pair
from warpkit.registration._choice import choose_start, unspoiled
from warpkit.registration._refine import look, refine
from warpkit.transforms import Translation

from .pictures import about_middle, seen_through, texture, turned

SHAPE = (220, 260)


def problem(matrix, group="rigid", seed=0):
    images = seen_through(matrix, texture(SHAPE, seed)), texture(SHAPE)
    return make_pair(images, (None, None), (None, None), group, "ncc", None, 0.01, 50)


def starts_at(**matrices):
    """Ways to start of these names, and which of them were asked for."""
    asked = []

    def way(name):
        def find(pair):
            asked.append(name)
            yield name, matrices[name]

        return find

    return {name: way(name) for name in matrices}, asked


@pytest.fixture
def wanted():
    return about_middle(turned(60), SHAPE)


@pytest.fixture
def near(wanted):
    return wanted @ about_middle(turned(1), SHAPE)


@pytest.mark.parametrize("order", [("bad", "good"), ("good", "bad")])
def test_all_quick_starts_are_tried_and_the_best_is_kept(order, wanted, near, monkeypatch):
    matrices = {"bad": np.eye(3), "good": near}
    quick, asked = starts_at(**{name: matrices[name] for name in order})
    thorough, later = starts_at(unneeded=np.eye(3))
    monkeypatch.setattr(_choice, "QUICK", quick)
    monkeypatch.setattr(_choice, "THOROUGH", thorough)
    name, start, levels = choose_start(problem(wanted), "auto", "pixel")
    assert name == "good"
    assert (tuple(asked), later) == (order, [])
    np.testing.assert_allclose(start, wanted, atol=0.1)  # refined
    assert list(levels) == [0]


def test_thorough_starts_are_made_until_one_agrees(wanted, near, monkeypatch):
    quick, _ = starts_at(bad=np.eye(3))
    thorough, asked = starts_at(worse=about_middle(turned(-90), SHAPE), good=near, unneeded=np.eye(3))
    monkeypatch.setattr(_choice, "QUICK", quick)
    monkeypatch.setattr(_choice, "THOROUGH", thorough)
    assert choose_start(problem(wanted), "auto", "pixel")[0] == "good"
    assert asked == ["worse", "good"]


def test_no_start(wanted, monkeypatch):
    monkeypatch.setattr(_choice, "THOROUGH", {"features": lambda pair: iter(())})
    assert choose_start(problem(wanted), "features", "pixel") is None


def test_a_given_start_is_the_only_one(wanted):
    shift = Translation(np.array([[3.0, 4.0]]), frame="pixel")
    name, start, levels = choose_start(problem(wanted), shift, "pixel")
    assert name == "given"
    np.testing.assert_array_equal(start[:2], [[1, 0, 3], [0, 1, 4]])
    assert list(levels) == [2, 1, 0]


def test_a_start_that_agrees_is_kept(wanted):
    """Against a refinement that went elsewhere; one that agrees as well stays."""
    pair = problem(wanted)
    elsewhere = look(pair, np.eye(3), 0)
    kept = unspoiled(pair, wanted, elsewhere, 0)
    np.testing.assert_array_equal(kept.matrix, wanted)
    assert not kept.settled
    refined = refine(pair, wanted, [0])
    assert unspoiled(pair, wanted, refined, 0) is refined


def test_a_start_without_evidence_is_not_kept(wanted):
    """Though by chance more of it agrees than of the answer."""
    pair = problem(wanted, seed=2)  # of another picture
    answer = look(pair, np.eye(3), 0)
    answer = replace(answer, agreement=replace(answer.agreement, near=0))
    assert look(pair, wanted, 0).agreement.share > _choice.GAIN
    assert unspoiled(pair, wanted, answer, 0) is answer


def test_a_start_with_some_evidence_is_not_kept(wanted):
    """Which of two answers some more parts agree with says little where most do not."""
    pair = problem(wanted)
    elsewhere = look(pair, np.eye(3), 0)
    before = look(pair, wanted, 0)
    near = int(0.9 * _choice.ENOUGH * before.agreement.tiles)
    some = replace(before, agreement=replace(before.agreement, near=near))
    assert some.agreement.convincing
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_choice, "look", lambda *_: some)
        assert unspoiled(pair, wanted, elsewhere, 0) is elsewhere


@pytest.mark.parametrize(("init", "error"), [("guess", ValueError), (np.eye(3), TypeError)])
def test_wrong_ways_to_start(init, error):
    with pytest.raises(error, match="init"):
        choose_start(problem(np.eye(3)), init, "pixel")


def test_ways_that_volumes_do_not_have():
    volume = texture((40, 40, 40))
    pair = make_pair((volume, volume), (None, None), (None, None), "rigid", "ncc", None, 0.01, 50)
    with pytest.raises(ValueError, match="init: expected a way to start in 3D"):
        choose_start(pair, "features", "pixel")
