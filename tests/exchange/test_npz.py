"""Transforms in .npz: every class, every bit."""

import json
from dataclasses import fields

import numpy as np
import pytest

import warpkit as wk
from warpkit.exchange._npz import _CLASSES, read_npz, write_npz
from warpkit.transforms import AbstractTransform


def examples():
    rng = np.random.default_rng(0)
    spline = wk.ThinPlateSpline.random(rng, 2, n=2)
    special = np.array([[[np.nan, np.inf, -0.0], [5e-324, 0.1, 1 / 3]]])
    yield from (
        wk.Translation.random(rng, 3, n=2, frame="world"),
        wk.Rigid(np.array([0.1], np.float32), np.zeros((4, 2), np.float32), (0.1, 1 / 3), frame="pixel"),
        wk.Rigid.random(rng, 3),
        wk.Similarity.random(rng, 2, frame="corners"),
        wk.Attention.random(rng, 1),
        wk.Affine(special),
        wk.Affine(np.zeros((0, 2, 3), np.float16)),
        wk.Projective.random(rng, 3),
        spline,
        spline.to_frame("pixel", (20, 30)),  # with the affine maps around it
        wk.Displacement.random(rng, 2),
        wk.Diffeomorphism.random(rng, 3),
        wk.FreeFormDeformation.random(rng, 2, n=2),
        spline.inverse(),
        wk.Composed.random(rng, 2),
        wk.Composed((wk.Composed.random(rng, 2).inverse(), spline)),
    )


EXAMPLES = list(examples())


def test_every_class_has_an_example():
    assert {type(transform) for transform in EXAMPLES} == set(_CLASSES.values())
    final = {kind for kind in all_below(AbstractTransform) if not kind.__name__.startswith("Abstract")}
    assert {kind for kind in final if kind.__module__.startswith("warpkit.")} == set(_CLASSES.values())


def all_below(kind):
    for below in kind.__subclasses__():
        yield below
        yield from all_below(below)


def assert_same(a, b):
    """Class, every field, every bit."""
    assert type(a) is type(b)
    if isinstance(a, AbstractTransform):
        for field in fields(a):
            assert_same(getattr(a, field.name), getattr(b, field.name))
    elif isinstance(a, tuple):
        assert len(a) == len(b)
        for x, y in zip(a, b, strict=True):
            assert_same(x, y)
    elif isinstance(a, np.ndarray):
        assert (a.dtype, a.shape) == (b.dtype, b.shape)
        assert a.tobytes() == b.tobytes()
    else:
        assert a == b


@pytest.mark.parametrize("transform", EXAMPLES, ids=lambda transform: type(transform).__name__)
def test_round_trip(tmp_path, transform):
    write_npz(tmp_path / "transform.npz", transform)
    assert_same(read_npz(tmp_path / "transform.npz"), transform)


def test_same_file_twice(tmp_path):
    """No time, no name of a machine."""
    for name in "ab":
        write_npz(tmp_path / name, EXAMPLES[-1])
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_variables_are_written_as_their_values(tmp_path):
    theta = np.random.default_rng(1).standard_normal((1, 2, 3))
    write_npz(tmp_path / "transform.npz", wk.Affine(wk.Variable(theta)))
    assert_same(read_npz(tmp_path / "transform.npz"), wk.Affine(theta))


def test_a_class_of_a_user_is_refused(tmp_path):
    class Affine(wk.Affine):
        """It has the name of one that is known."""

    with pytest.raises(TypeError, match="transform: expected one of Translation, Rigid, "):
        write_npz(tmp_path / "transform.npz", Affine(np.eye(2, 3)[None]))


def written(path, description, **arrays):
    np.savez(path, warpkit_transform=np.array(description), **arrays)


def field(name):
    return {"version": 1, "transform": {"class": "Affine", "fields": {"theta": {"array": name}}}}


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ("{", "Expecting property name"),
        (json.dumps({"version": 2, "transform": {}}), "expected version 1, given 2"),
        (json.dumps({"version": 1, "transform": {"class": "os.system", "fields": {}}}), "os.system"),
        (json.dumps(field("missing")), "missing"),
        (json.dumps(field("integers")), "theta: expected a floating dtype"),
        (json.dumps({"version": 1, "transform": {"class": "Affine", "fields": {"tehta": 1}}}), "tehta"),
        (
            json.dumps({"version": 1, "transform": {"class": "Composed", "fields": {"transforms": [1]}}}),
            "a tuple of",
        ),
        (json.dumps({"version": 1, "transform": [1]}), "expected a transform, given"),
        (json.dumps([1]), "list indices"),
    ],
)
def test_damaged_descriptions(tmp_path, description, message):
    file = tmp_path / "transform.npz"
    written(file, description, integers=np.zeros((1, 2, 3), int))
    with pytest.raises(
        ValueError, match=f"transform.npz: not a transform file that can be read: .*{message}"
    ):
        read_npz(file)


def test_damaged_files(tmp_path):
    file = tmp_path / "transform.npz"
    write_npz(file, EXAMPLES[-1])
    content = file.read_bytes()
    for damaged in (
        content[: len(content) // 2],
        content[:-10],
        b"PK\x03\x04nothing",
        b"nothing",
        b"\x80\x04N.",
    ):
        file.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"transform.npz: not a transform file"):
            read_npz(file)


def test_other_arrays(tmp_path):
    np.savez(tmp_path / "network.npz", weights=np.zeros(3))
    with pytest.raises(ValueError, match="expected a transform of warpkit, given a file that holds weights"):
        read_npz(tmp_path / "network.npz")
    np.save(tmp_path / "array.npy", np.zeros(3))
    (tmp_path / "array.npy").rename(tmp_path / "array.npz")
    with pytest.raises(ValueError, match=r"array.npz: not a transform file"):
        read_npz(tmp_path / "array.npz")


def test_nothing_is_executed(tmp_path):
    """An array of objects would have to be unpickled."""
    file = tmp_path / "transform.npz"
    written(file, json.dumps(field("array_0")), array_0=np.array([print], dtype=object))
    with pytest.raises(ValueError, match=r"transform.npz: .*allow_pickle=False"):
        read_npz(file)
