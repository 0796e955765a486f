"""The measures of invariance, on images whose answers are known."""

import json

import numpy as np
import pytest

from benchmarks.stn.addition import Addition
from benchmarks.stn.distorted import DistortedDigits, distorted_digits
from benchmarks.stn.invariance import changed, distorted_copies, main, measure_responses, variance
from benchmarks.stn.mnist import mnist
from benchmarks.stn.plan import Plan
from benchmarks.stn.training import Training
from warpkit import nn


def images(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def test_copies_that_are_alike_have_no_variance():
    copies = np.repeat(images(5, 1, 8, 8), 4, axis=0)
    contrast = np.random.default_rng(1).uniform(0.5, 2, (20, 1, 1, 1))
    found = variance(copies * contrast, 5)
    assert found.within < 1e-12
    assert found.total > 0.01


def test_variance_by_an_obvious_loop():
    given = images(12, 1, 3, 3)
    unit = np.array([image.ravel() / np.sqrt((image.astype(float) ** 2).sum()) for image in given])
    within = np.mean([sum(np.var(unit[4 * d : 4 * d + 4, p]) for p in range(9)) for d in range(3)])
    found = variance(given, 3)
    total = sum(np.var(unit[:, p]) for p in range(9))
    assert (found.within, found.total) == (pytest.approx(within), pytest.approx(total))
    assert found.share == pytest.approx(within / total)


def test_a_blank_image_is_no_division_by_zero():
    assert variance(np.zeros((4, 1, 2, 2)), 2).within == 0


def test_translation_is_to_the_right():
    given = images(2, 1, 8, 8)
    np.testing.assert_allclose(
        changed(given, (8, 8), "translation in pixels", 3.0)[..., 3:], given[..., :-3], atol=1e-6
    )


def test_rotation_is_counterclockwise():
    given = images(2, 1, 8, 8)
    turned = changed(given, (8, 8), "rotation in degrees", 90.0)
    np.testing.assert_allclose(turned, np.rot90(given, axes=(2, 3)), atol=1e-5)


def test_scale_enlarges_about_the_middle():
    given = np.zeros((1, 1, 8, 8), np.float32)
    given[..., 3:5, 3:5] = 1
    assert changed(given, (12, 12), "scale", 1.0).sum() == 4
    assert (changed(given, (12, 12), "scale", 1.0)[0, 0, 5:7, 5:7] == 1).all()
    large = changed(given, (12, 12), "scale", 2.0)
    np.testing.assert_allclose(large.sum(), 16, atol=1e-4)
    np.testing.assert_allclose(large, large[..., ::-1, ::-1], atol=1e-6)


def test_copies_stay_beside_each_other(data):
    del data
    plain = DistortedDigits(lambda given, rng: (given, None), (28, 28))
    np.testing.assert_array_equal(
        distorted_copies(plain, 3, 2), np.repeat(mnist().test_images[:3], 2, axis=0)
    )


def test_responses_of_a_network_that_sees_only_how_much_ink_there_is(data):
    """What is turned within the image has the same ink; what is enlarged has more."""
    del data
    rng = np.random.default_rng(0)
    network = nn.Sequential(nn.AvgPool2d(42), nn.Flatten(), nn.Linear(1, 10, rng=rng))
    responses = measure_responses(network, (42, 42))
    rotation, scale = responses["rotation in degrees"], responses["scale"]
    assert max(rotation.distance) < 0.01
    assert scale.distance[scale.values.index(1.0)] == 0
    assert scale.distance[-1] > 0.5
    assert np.ptp(rotation.accuracy) < 5


@pytest.fixture
def checkpoint(data, tmp_path):
    del data
    training = Training.begin(
        Plan("R", "ST-FCN", "affine", 0, 2, 8, 1e-3, 0.3), distorted_digits()["R"], np.asarray
    )
    training.step()
    training.save(tmp_path / "run.npz")
    return tmp_path / "run.npz"


def test_the_command(checkpoint, tmp_path, capsys):
    """After a step the transformer is still nearly the identity: its output varies as its input does."""
    assert main([str(checkpoint), "--results", str(tmp_path / "results")]) == 0
    record = json.loads((tmp_path / "results" / "R_ST-FCN_affine_2_seed0.json").read_text())
    assert record["plan"]["model"] == "ST-FCN"
    assert record["iteration"] == 1
    assert record["variance"]["output"]["within"] == pytest.approx(
        record["variance"]["input"]["within"], rel=0.05
    )
    assert {path.name for path in (tmp_path / "results").glob("*.png")} == {
        "R_ST-FCN_affine_2_seed0.png",
        "responses.png",
    }
    assert "variance within digits" in capsys.readouterr().out


def test_a_run_of_another_experiment(data, tmp_path, capsys):
    del data
    training = Training.begin(Plan("addition", "FCN", "none", 0, 2, 8, 1e-3, 1.0), Addition(), np.asarray)
    training.save(tmp_path / "run.npz")
    assert main([str(tmp_path / "run.npz")]) == 1
    assert "given addition" in capsys.readouterr().err
