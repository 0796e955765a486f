import argparse
import json
from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._inputs import Input
from warpkit.cli._registration_report import describe_transform, how_far, make_report, summarise
from warpkit.registration import Agreement, Iteration, RegistrationResult

OPTIONS = argparse.Namespace(run=print, fixed="a.png", transform="affine", metric="ncc", out=Path("out"))


def result(transform, **given):
    values = {
        "warped": None,
        "coverage": None,
        "converged": True,
        "reason": "9 of 10 parts of the images agree",
        "metric": 0.875,
        "overlap": 0.5,
        "agreement": Agreement(np.int64(10), 9, 10.0, 0.05),
        "start": "phase correlation",
        "history": [Iteration(level, 0.1, 0.2, 0.9) for level in (2, 1, 1, 0)],
    }
    return RegistrationResult(transform=transform, **{**values, **given})


def pair(geometry=None):
    return tuple(Input(Path(name), np.zeros((31, 41), np.uint8), geometry, 2) for name in ("a.png", "b.png"))


AFFINE = wk.Affine(np.array([[[1.0, 0.0, 3.0], [0.0, 1.0, -4.0]]]), frame="pixel")


def test_report():
    report = make_report(OPTIONS, pair(), result(AFFINE), 1.23456)
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["versions"]["warpkit"] == wk.__version__
    assert report["arguments"] == {"fixed": "a.png", "transform": "affine", "metric": "ncc", "out": "out"}
    assert report["agreement"] == {"tiles": 10, "near": 9, "independent": 10.0, "chance": 0.05, "share": 0.9}
    assert report["iterations"] == [
        {"level": 2, "count": 1},
        {"level": 1, "count": 2},
        {"level": 0, "count": 1},
    ]
    assert report["transform"]["class"] == "Affine"
    assert report["transform"]["parameters"] == {"theta": AFFINE.theta.tolist()}
    assert report["moves"] == {"mean": 5.0, "most": 5.0, "unit": "pixels"}
    assert report["seconds"] == 1.235
    assert report["images"]["moving"]["file"] == "b.png"


def test_what_is_not_finite_is_null():
    report = make_report(OPTIONS, pair(), result(AFFINE, metric=np.float64("nan"), overlap=np.inf), 1.0)
    assert (report["metric"], report["overlap"]) == (None, None)


def test_summary():
    lines = summarise(OPTIONS, pair(), result(AFFINE), 1.2).splitlines()
    assert lines[0] == "converged: 9 of 10 parts of the images agree"
    told = {line[2:16].strip(): line[16:] for line in lines[2:]}
    assert told["moves points"] == "by 5.00 pixels on average, 5.00 pixels at most"
    assert told["metric"] == "ncc 0.8750, over 50.0% of the fixed image"
    assert told["iterations"] == "4: 1 at 1/4, 2 at 1/2, 1 at full size"
    assert told["transform"] == "affine, of pixels"
    matrix = [[float(x) for x in line.split("[")[1].split("]")[0].split()] for line in lines if "[" in line]
    np.testing.assert_array_equal(matrix, AFFINE.theta[0])
    failed = summarise(OPTIONS, pair(), result(AFFINE, converged=False, history=[]), 1.2)
    assert failed.startswith("NOT CONVERGED: ")
    assert "iterations    0\n" in failed


def test_a_homography_has_three_rows():
    whole = wk.Projective(np.array([[[1.0, 0, 3], [0, 1, -4], [1e-5, 0, 1]]]), frame="pixel")
    text = summarise(OPTIONS, pair(), result(whole), 1.0)
    assert text.count("[") == 3
    assert "1e-05" in text


def test_millimetres():
    geometry = wk.Geometry((31, 41), spacing=(0.5, 0.5))
    shift = wk.Translation(np.array([[3.0, 4.0]]), frame="world")
    assert how_far(shift, pair(geometry)[0]) == {"mean": 5.0, "most": 5.0, "unit": "mm"}
    turn = wk.Rigid(np.array([0.1]), np.array([[0.0, 0.0]]), frame="world")  # about the first pixel
    chord = 2 * np.sin(0.05) * np.hypot(20.0, 15.0)
    assert how_far(turn, pair(geometry)[0])["most"] == pytest.approx(chord)
    assert "of the world" in summarise(OPTIONS, pair(geometry), result(shift), 1.0)


def test_of_fields_the_shape_is_told():
    field = wk.Displacement.random(np.random.default_rng(0), 2, frame="pixel", shape=(31, 41))
    both = wk.Composed((AFFINE, field))
    described = describe_transform(both)
    first, second = described["parameters"]["transforms"]
    assert (described["class"], described["frame"], first["class"]) == ("Composed", "pixel", "Affine")
    assert second["parameters"]["field"] == {"shape": [1, 31, 41, 2], "dtype": "float64"}
    report = make_report(OPTIONS, pair(), result(both), 1.0)
    moved = field.field[0] + [3.0, -4.0]  # the shift is the same everywhere
    assert report["moves"]["most"] <= np.linalg.norm(moved, axis=-1).max() + 1e-9
    json.dumps(report, allow_nan=False)
    assert "[" not in summarise(OPTIONS, pair(), result(both), 1.0)
