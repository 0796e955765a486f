"""Known maps are found behind wrong matches, and what no map explains is said to have none."""

import sys

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import from_matches
from warpkit.registration._matches import KINDS

pytest.importorskip("skimage", reason="samples are drawn by scikit-image")

SHARE = {
    "translation": 0.7,
    "rigid": 0.6,
    "similarity": 0.6,
    "affine": 0.5,
    "projective": 0.4,
}  # of wrong ones


def known(name, ndim):
    """A map of pixels, far from the identity, with its horizon far away."""
    rng = np.random.default_rng(5)
    if name == "translation":
        return wk.Translation(rng.uniform(-40, 40, (1, ndim)), frame="pixel")
    rotation = rng.uniform(-2, 2, (1,) if ndim == 2 else (1, 3))
    shift = rng.uniform(-40, 40, (1, ndim))
    if name == "rigid":
        return wk.Rigid(rotation, shift, frame="pixel")
    similarity = wk.Similarity(np.array([1.3]), rotation, shift, frame="pixel")
    theta = np.array(similarity.to_projective().theta)
    theta[:, :ndim, :ndim] += 0 if name == "similarity" else rng.uniform(-0.2, 0.2, (ndim, ndim))
    theta[:, -1, :-1] = 0 if name != "projective" else rng.uniform(0, 2e-3, ndim)
    of_name = {"affine": wk.Affine(theta[:, :-1], frame="pixel"), "similarity": similarity}
    return of_name.get(name, wk.Projective(theta, frame="pixel"))


def matches(transform, share, noise=0.0, count=120, seed=0):
    """Points of both images, and which of them belong together."""
    rng = np.random.default_rng(seed)
    fixed = rng.uniform(0, 200, (count, transform.ndim))
    moving = transform(fixed)[0] + noise * rng.standard_normal(fixed.shape)
    right = rng.permutation(count) >= share * count
    moving[~right] = rng.uniform(-200, 400, (int((~right).sum()), transform.ndim))
    return fixed, moving, right


@pytest.mark.parametrize("ndim", [2, 3])
@pytest.mark.parametrize("name", KINDS)
def test_known_maps_are_found(name, ndim):
    transform = known(name, ndim)
    fixed, moving, right = matches(transform, SHARE[name])
    found = from_matches(fixed, moving, name, threshold=0.01)
    assert type(found.transform) is KINDS[name]
    assert found.transform.frame == "pixel"
    np.testing.assert_array_equal(found.inliers, right)
    np.testing.assert_allclose(found.transform(fixed), transform(fixed), atol=1e-6)


@pytest.mark.parametrize("name", KINDS)
def test_it_is_the_least_squares_estimate_from_the_inliers(name):
    fixed, moving, right = matches(known(name, 2), 0.4, noise=0.3)
    found = from_matches(fixed, moving, name, threshold=1.5)
    assert (found.inliers & right).sum() >= 0.8 * right.sum()
    again = KINDS[name].from_points(fixed[found.inliers], moving[found.inliers], frame="pixel")
    np.testing.assert_array_equal(found.transform(fixed), again(fixed))


@pytest.mark.parametrize("frame", ["normalized", "world"])
def test_the_threshold_is_in_units_of_the_frame(frame):
    fixed, moving, right = matches(known("rigid", 2), 0.4, noise=0.3)
    found = from_matches(fixed / 1000, moving / 1000, "rigid", threshold=0.002, frame=frame)
    assert found.transform.frame == frame
    np.testing.assert_array_equal(found.inliers, from_matches(fixed, moving, "rigid", threshold=2.0).inliers)
    assert (found.inliers & right).sum() >= 0.9 * right.sum()


def test_the_seed_decides():
    fixed, moving, _ = matches(known("affine", 2), 0.4, noise=0.5)
    first, again, seeded, other = (
        from_matches(fixed, moving, threshold=1.0, rng=rng) for rng in (0, 0, np.random.default_rng(0), 1)
    )
    for same in (again, seeded):
        np.testing.assert_array_equal(same.inliers, first.inliers)
        np.testing.assert_array_equal(same.transform.theta, first.transform.theta)
    assert (other.transform.theta != first.transform.theta).any()


def test_matches_that_are_not_finite_are_wrong():
    transform = known("affine", 2)
    fixed, moving, right = matches(transform, 0.3)
    fixed[3], moving[7, 0], moving[11] = np.nan, np.inf, np.nan
    right[[3, 7, 11]] = False
    found = from_matches(fixed, moving, threshold=0.01)
    np.testing.assert_array_equal(found.inliers, right)


def test_points_beyond_the_horizon_do_not_agree():
    theta = np.array([[[1.0, 0, 0], [0, 1, 0], [-0.01, 0, 1]]])
    fixed = np.random.default_rng(0).uniform(0, 200, (80, 2))
    seen = fixed[:, 0] < 90
    homogeneous = np.column_stack([fixed, np.ones(80)]) @ theta[0].T
    moving = homogeneous[:, :2] / homogeneous[:, 2:]
    found = from_matches(fixed, moving, "projective", threshold=1e-3)
    assert found.inliers[seen].all()
    assert not found.inliers[fixed[:, 0] > 100].any()


# ---- failures are values -----------------------------------------------------------------------------------


def test_only_wrong_matches():
    rng = np.random.default_rng(0)
    failure = from_matches(rng.uniform(0, 1e4, (20, 2)), rng.uniform(0, 1e4, (20, 2)), threshold=1e-3)
    assert not failure
    assert failure.reason == "only 3 of 20 matches agree, as many as any map can be made to fit"


@pytest.mark.parametrize(
    ("name", "ndim", "least"),
    [("translation", 2, 1), ("rigid", 2, 2), ("similarity", 3, 3), ("affine", 3, 4), ("projective", 3, 5)],
)
def test_too_few_matches(name, ndim, least):
    """One more than determines a map is enough, if all are right."""
    fixed, moving, _ = matches(known(name, ndim), 0.0, count=least + 1)
    assert from_matches(fixed, moving, name, threshold=0.01).inliers.all()
    failure = from_matches(fixed[:-1], moving[:-1], name, threshold=0.01)
    assert not failure
    assert failure.reason == f"too few matches: expected more than {least}, given {least}"


@pytest.mark.parametrize("name", ["rigid", "affine", "projective"])
def test_points_that_coincide(name):
    failure = from_matches(np.ones((30, 2)), np.ones((30, 2)), name, threshold=1.0)
    assert not failure
    assert "coincide" in failure.reason


def test_points_on_a_line():
    line = np.linspace(0, 100, 30)[:, None] * np.array([1.0, 2.0])
    failure = from_matches(line, line, "affine", threshold=1.0)
    assert not failure
    assert "on a line" in failure.reason
    assert from_matches(line, line, "rigid", threshold=1.0).inliers.all()


# ---- arguments ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (
            {"fixed_points": np.zeros((5, 4))},
            ValueError,
            r"fixed_points: expected shape \(m, 2\) or \(m, 3\)",
        ),
        ({"moving_points": np.zeros((4, 2))}, ValueError, r"moving_points: expected shape \(5, 2\)"),
        ({"transform": "bspline"}, ValueError, "transform"),
        ({"threshold": 0.0}, ValueError, "threshold: expected a distance above 0"),
        ({"frame": "metres"}, ValueError, "frame"),
        ({"rng": None}, TypeError, "rng"),
    ],
)
def test_wrong_arguments(arguments, error, message):
    usual = {"fixed_points": np.zeros((5, 2)), "moving_points": np.zeros((5, 2)), "threshold": 1.0}
    with pytest.raises(error, match=message):
        from_matches(**{**usual, **arguments})


def test_without_scikit_image(monkeypatch):
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ImportError, match=r'pip install "warpkit-diff\[features\]"'):
        from_matches(np.zeros((5, 2)), np.zeros((5, 2)), threshold=1.0)
