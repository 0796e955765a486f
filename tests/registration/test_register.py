"""Known maps are found again and believed; what has no answer is not."""

import sys

import numpy as np
import pytest

import warpkit as wk
from warpkit.registration import register
from warpkit.registration._least_squares import METRICS
from warpkit.registration._matrix_groups import GROUPS

from .pictures import about_middle, farthest, seen_through, texture, turned

SHAPE = (220, 260)
MAPS = {
    "translation": np.eye(2),
    "rigid": turned(4),
    "similarity": turned(3, 1.05),
    "affine": turned(2) @ np.array([[1.04, 0.03], [0.0, 0.97]]),
    "projective": turned(2, 1.03),
}


def wanted(name, shape=SHAPE):
    matrix = about_middle(MAPS[name], shape)
    matrix[:2, 2] += [3.3, -2.6]
    if name == "projective":
        matrix[2, :2] = [1e-4, -5e-5]
    return matrix


@pytest.mark.parametrize("name", GROUPS)
def test_known_maps_are_found(name):
    moving = texture(SHAPE)
    fixed = seen_through(wanted(name), moving)
    result = register(fixed, moving, name, init="identity")
    assert result.converged, result.reason
    assert type(result.transform).__name__.lower() == name
    assert result.transform.frame == "pixel"
    assert farthest(result.transform, wanted(name), SHAPE) < 0.05
    inside = result.coverage
    assert inside.mean() == pytest.approx(result.overlap, abs=0.02)
    assert abs(result.warped - fixed)[inside].mean() < 1
    assert result.metric > 0.999
    np.testing.assert_allclose((result.transform @ result.inverse)(np.ones((1, 2))), [[[1, 1]]], atol=1e-6)


@pytest.mark.parametrize("metric", METRICS)
def test_metrics(metric):
    moving = texture(SHAPE)
    fixed = seen_through(wanted("affine"), moving)
    if metric in ("huber", "tukey"):
        fixed[60:100, 80:140] = 0  # something in front
    if metric == "ncc":
        fixed = 0.5 * fixed + 30
    result = register(fixed, moving, "affine", metric, init="identity")
    assert result.converged, result.reason
    assert farthest(result.transform, wanted("affine"), SHAPE) < 0.1


def test_volumes():
    shape = (60, 64, 68)
    moving = texture(shape, sigma=1.5)
    matrix = about_middle(
        wk.Rigid(np.array([[0.05, -0.03, 0.08]]), np.zeros((1, 3))).to_affine().theta[0, :, :3], shape
    )
    matrix[:3, 3] += [1.5, -0.8, 1.1]
    fixed = wk.warp(moving, wk.Affine(matrix[None, :3], frame="pixel"))
    result = register(fixed, moving, "rigid")
    assert result.converged, result.reason
    assert farthest(result.transform, matrix, shape) < 0.1


@pytest.mark.parametrize("group", ["rigid", "affine"])
def test_places_in_the_world(group):
    """The same body in two scanners: thick slices in one of them, and another position of the patient."""
    moving = texture((60, 64, 68), sigma=1.5)
    flipped = ((-1, 0, 0), (0, 1, 0), (0, 0, 1))
    theirs = wk.Geometry(moving.shape, (1.0, 1.0, 1.0), (-30.0, 12.0, 5.0), flipped)
    own = wk.Geometry((28, 60, 62), (1.1, 1.0, 2.0), (-97.0, 12.0, 7.0))
    rotation, shift = np.array([[0.03, -0.02, 0.05]]), np.array([[1.5, -1.0, 0.7]])
    turn = wk.Rigid(rotation, shift, (-64.0, 42.0, 33.0), frame="world")
    fixed = wk.warp(moving, turn.to_frame("pixel", theirs, own), own.shape, boundary="wrap")
    geometries = {"fixed_geometry": own, "moving_geometry": theirs}
    result = register(fixed, moving, group, **geometries)
    assert result.converged, result.reason
    assert result.transform.frame == "world"
    assert type(result.transform).__name__.lower() == group
    corners = np.array(list(np.ndindex(2, 2, 2))) * (np.array(own.shape[::-1]) - 1.0)
    places = corners @ own.matrix[:3, :3].T + own.matrix[:3, 3]
    assert np.linalg.norm(result.transform(places)[0] - turn(places)[0], axis=1).max() < 0.15
    assert result.warped.shape == fixed.shape
    again = register(fixed, moving, group, init=result.transform, **geometries)
    assert again.converged
    assert again.start == "given"


def test_channels_and_shapes():
    moving = np.stack([texture(SHAPE, seed) for seed in range(3)])
    shape = (200, 210)
    matrix = wanted("rigid")
    fixed = wk.warp(moving, wk.Affine(matrix[None, :2], frame="pixel"), shape)
    fixed = fixed * np.array([1.0, 0.5, -0.7])[:, None, None] + 10
    fixed[2] += 300
    result = register(fixed[:2], moving[:2], "rigid", ndim=2, init=wk.Rigid.identity(2, frame="pixel"))
    assert result.converged, result.reason
    assert result.warped.shape == (2, *shape)
    assert result.coverage.shape == shape
    assert farthest(result.transform, matrix, shape) < 0.05


@pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.float64])
def test_dtypes(dtype):
    moving = texture(SHAPE).astype(dtype)
    fixed = seen_through(wanted("affine"), texture(SHAPE)).astype(dtype)
    result = register(fixed, moving, "affine", init="identity")
    assert result.converged, result.reason
    assert result.warped.dtype == dtype
    assert farthest(result.transform, wanted("affine"), SHAPE) < 0.1


def test_features_find_what_is_far():
    pytest.importorskip("skimage", reason="features are scikit-image's")
    moving = texture(SHAPE)
    matrix = about_middle(turned(100, 1.2), SHAPE)
    fixed = seen_through(matrix, moving)
    result = register(fixed, moving, "similarity")
    assert result.converged, result.reason
    assert result.start.startswith("features")
    assert farthest(result.transform, matrix, SHAPE) < 0.1
    alone = register(fixed, moving, "similarity", init="identity")
    assert not alone.converged
    assert "parts of the images agree" in alone.reason


@pytest.mark.parametrize("init", ["fourier", "auto"])
def test_spectra_find_what_is_far(init, monkeypatch):
    """Also where scikit-image is not installed."""
    monkeypatch.setitem(sys.modules, "skimage", None)
    moving = texture(SHAPE)
    matrix = about_middle(turned(100, 1.2), SHAPE)
    fixed = seen_through(matrix, moving)
    result = register(fixed, moving, "affine", init=init)
    assert result.converged, result.reason
    assert result.start.startswith("Fourier-Mellin")
    assert farthest(result.transform, matrix, SHAPE) < 0.1


def test_a_start_is_respected():
    """Stripes fit in many places: the one nearby is found, whatever else there is."""
    moving = np.tile(texture((220, 40)), (1, 7))
    start = wk.Translation(np.array([[41.0, 1.0]]), frame="pixel")
    result = register(moving, moving, "translation", init=start)
    assert result.start == "given"
    np.testing.assert_allclose(result.transform.translation, [[40, 0]], atol=0.01)


def test_masks():
    """A bright band inside the hole of a mask does not change the answer."""
    moving = texture(SHAPE)
    fixed = seen_through(wanted("rigid"), moving)
    mask = np.ones(SHAPE, bool)
    mask[:, 100:130] = False
    answers = []
    for place in (104, 112):
        spoiled = fixed.copy()
        spoiled[:, place : place + 10] = 1e4 if place == 104 else np.nan
        answers.append(register(spoiled, moving, "rigid", fixed_mask=mask, init="identity"))
        assert answers[-1].converged
        assert not answers[-1].coverage[:, 100:130].any()
        assert farthest(answers[-1].transform, wanted("rigid"), SHAPE) < 0.05
    assert (
        farthest(
            answers[0].transform, np.vstack([answers[1].transform.to_affine().theta[0], [0, 0, 1]]), SHAPE
        )
        < 0.01
    )
    spoiled = moving.copy()
    spoiled[:30] = np.nan
    inside = np.isfinite(spoiled)
    result = register(fixed, spoiled, "rigid", moving_mask=inside, init="identity")
    assert farthest(result.transform, wanted("rigid"), SHAPE) < 0.05


def test_the_same_bits_for_any_number_of_threads():
    moving = texture(SHAPE)
    fixed = seen_through(wanted("affine"), moving)
    threads, answers = wk.get_num_threads(), []
    try:
        for count in (1, 2, 3):
            wk.set_num_threads(count)
            answers.append(register(fixed, moving, "affine", init="identity").transform.theta.tobytes())
    finally:
        wk.set_num_threads(threads)
    assert len(set(answers)) == 1


# ---- what must not be believed -----------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["rigid", "projective"])
def test_different_images_do_not_converge(name):
    for seed in range(3):
        fixed, moving = texture(SHAPE, 2 * seed), texture(SHAPE, 2 * seed + 1)
        result = register(fixed, moving, name, init="identity")
        assert not result.converged
        assert "agree" in result.reason or "overlap" in result.reason


def test_noise_does_not_converge():
    rng = np.random.default_rng(0)
    for _ in range(3):
        result = register(rng.random(SHAPE), rng.random(SHAPE), "affine", init="identity")
        assert not result.converged


def test_what_cannot_be_checked_is_not_said_to_have_converged():
    small = texture((20, 20))
    result = register(small, small, "rigid", init="identity")
    assert not result.converged
    assert "checked" in result.reason
    gradient = np.broadcast_to(np.arange(260.0), SHAPE)
    assert not register(gradient, gradient + 3, "translation", metric="ssd", init="identity").converged


def test_too_few_iterations():
    moving = texture(SHAPE)
    fixed = seen_through(wanted("affine"), moving)
    start = wk.Translation(np.array([[1.0, 1.0]]), frame="pixel")
    result = register(fixed, moving, "affine", init=start, max_iterations=1, tolerance=1e-6)
    assert not result.converged
    assert "steps were still long" in result.reason or "agree" in result.reason


def test_no_overlap():
    image = texture(SHAPE)
    far = wk.Translation(np.array([[1000.0, 0.0]]), frame="pixel")
    result = register(image, image, "rigid", init=far)
    assert not result.converged
    assert "overlap" in result.reason


def test_a_repeating_pattern_is_put_where_it_fits_best():
    """A period away it nearly fits, too: the first that agrees is not taken at once."""
    y, x = np.mgrid[:256, :256]

    def waves(shift):
        return np.sin(2 * np.pi * (x + shift) / 32) * np.sin(2 * np.pi * y / 32)

    surface = texture((256, 256), 9) / 255
    shift = np.array([[1.0, 0, 28.8], [0, 1, 0], [0, 0, 1]])
    fixed = waves(28.8) + 0.3 * seen_through(shift, surface)
    result = register(fixed, waves(0) + 0.3 * surface, "translation")
    np.testing.assert_allclose(result.transform.translation, [[28.8, 0]], atol=0.1)


def test_what_is_the_same_in_all_pictures_does_not_win():
    """A reticle agrees with itself, but less of the image does than with the right shift."""
    reticle = np.zeros((256, 256), np.float32)
    reticle[::32] = reticle[:, ::32] = 130
    moving = texture((256, 256), 3)
    shift = np.array([[1.0, 0, 20], [0, 1, 7], [0, 0, 1]])
    result = register(seen_through(shift, moving) + reticle, moving + reticle, "translation")
    np.testing.assert_allclose(result.transform.translation, [[20, 7]], atol=0.5)


@pytest.mark.parametrize("distance", [0.5, 1.9])
def test_an_inverted_image_is_not_said_to_have_converged(distance):
    """The correlation cannot be made greater by anything near."""
    moving = texture(SHAPE)
    shift = np.array([[1.0, 0, distance], [0, 1, 0], [0, 0, 1]])
    result = register(255 - seen_through(shift, moving), moving, "translation", init="identity")
    assert not result.converged


@pytest.mark.parametrize("metric", ["huber", "tukey"])
@pytest.mark.parametrize("radius", [25, 50])
def test_most_of_it_is_background(metric, radius):
    """Where nothing differs there is no measure of what a large difference is."""
    y, x = np.mgrid[:256, :256]
    moving = (80 + texture((256, 256), 5)) * ((x - 128) ** 2 + (y - 128) ** 2 < radius**2)
    shift = np.array([[1.0, 0, 0.7], [0, 1, 0], [0, 0, 1]])
    result = register(seen_through(shift, moving), moving, "translation", metric, init="identity")
    np.testing.assert_allclose(result.transform.translation, [[0.7, 0]], atol=0.05)


@pytest.mark.parametrize(
    "change", [lambda x: 30000 + x / 255, lambda x: 1e9 + x, lambda x: 1e-30 * x, lambda x: 1e20 * x]
)
def test_units_do_not_matter(change):
    moving = texture(SHAPE).astype(np.float64)
    fixed = seen_through(wanted("rigid"), texture(SHAPE)).astype(np.float64)
    for metric in ("ncc", "ssd"):
        result = register(change(fixed), change(moving), "rigid", metric, init="identity")
        assert result.converged, result.reason
        assert farthest(result.transform, wanted("rigid"), SHAPE) < 0.05


@pytest.mark.parametrize("dtype", [bool, np.int64, np.uint32])
def test_dtypes_that_are_not_interpolated(dtype):
    moving = texture(SHAPE)
    fixed = seen_through(wanted("rigid"), moving)
    images = [(x > 128 if dtype is bool else x).astype(dtype) for x in (fixed, moving)]
    result = register(*images, "rigid", init="identity")
    assert result.converged, result.reason
    assert result.warped.dtype == np.float64


def test_channels_that_do_not_vary_are_left_out():
    """As the alpha channel of a picture that is nowhere transparent."""
    moving = texture(SHAPE)
    fixed = seen_through(wanted("rigid"), moving)
    images = [np.stack([x, 255 - x, np.full(SHAPE, 255.0)]) for x in (fixed, moving)]
    result = register(*images, "rigid", ndim=2, init="identity")
    assert result.converged, result.reason
    assert result.warped.shape == (3, *SHAPE)
    assert farthest(result.transform, wanted("rigid"), SHAPE) < 0.05


def test_weights_are_weights():
    """Not yes or no: a moving image of which all but one pixel counts little is all there."""
    moving = texture(SHAPE)
    fixed = seen_through(wanted("rigid"), moving)
    mask = np.full(SHAPE, 0.3)
    mask[0, 0] = 1
    result = register(fixed, moving, "rigid", fixed_mask=mask, moving_mask=mask, init="identity")
    assert result.converged, result.reason
    assert farthest(result.transform, wanted("rigid"), SHAPE) < 0.05


def test_coverage_has_finite_pixels_only():
    moving = texture(SHAPE)
    fixed = seen_through(wanted("rigid"), moving)
    moving[:, 200:] = np.nan
    result = register(fixed, moving, "rigid", moving_mask=np.isfinite(moving), init="identity")
    assert np.isfinite(result.warped[result.coverage]).all()
    assert result.coverage.mean() > 0.6


def test_too_few_parts():
    small = texture((32, 32))
    result = register(small, small, "translation", init="identity")
    assert not result.converged
    assert "too few parts" in result.reason


@pytest.mark.parametrize("shape", [(1, 2), (2, 2), (2, 60), (5, 5), (16, 40), (2, 30, 60), (5, 60, 60)])
def test_small_images_are_no_error(shape):
    rng = np.random.default_rng(0)
    result = register(rng.random(shape), rng.random(shape), "affine")
    assert not result.converged
    assert result.warped.shape == shape
