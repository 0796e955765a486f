import numpy as np
import pytest

import warpkit as wk
from warpkit.cli import main

from .images import colours, texture

SHIFT = wk.Translation(np.array([[3.0, -2.0]]), frame="pixel")


@pytest.fixture
def shift(tmp_path):
    wk.save_transform(tmp_path / "shift.npz", SHIFT)
    return str(tmp_path / "shift.npz")


def written(folder, name, array, geometry=None):
    wk.write_image(folder / name, array, geometry)
    return str(folder / name)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "bool"])
def test_pictures_keep_their_dtype(tmp_path, capsys, shift, dtype):
    image = (np.random.default_rng(0).random((20, 30)) * 200).astype(dtype)
    path, out = written(tmp_path, "a.png", image), tmp_path / "b.png"
    assert main(["warp", path, "--transform", shift, "-o", str(out)]) == 0
    warped = wk.read_image(out).array
    assert warped.dtype == dtype
    expected = np.zeros_like(image)
    expected[2:, :27] = image[:-2, 3:]  # the output at (x, y) is the image at (x + 3, y - 2)
    np.testing.assert_array_equal(warped, expected)
    assert capsys.readouterr().out == f"wrote b.png, 30 x 20 pixels, {dtype}\n"


def test_colours(tmp_path, shift):
    image = colours((20, 30))
    path, out = written(tmp_path, "a.png", image), tmp_path / "b.png"
    assert main(["warp", path, "-t", shift, "-o", str(out)]) == 0
    np.testing.assert_array_equal(wk.read_image(out).array, wk.warp(image, SHIFT))


@pytest.mark.parametrize("dtype", ["int32", "int16", "uint8", "float32"])
def test_volumes_keep_dtype_and_place(tmp_path, dtype):
    where = wk.Geometry((6, 7, 8), spacing=(1.0, 2.0, 3.0), origin=(4.0, 5.0, 6.0))
    image = np.random.default_rng(0).integers(0, 200, (6, 7, 8)).astype(dtype)
    path, out, transform = (
        written(tmp_path, "a.nii.gz", image, where),
        tmp_path / "b.nii.gz",
        tmp_path / "t.tfm",
    )
    wk.save_transform(
        transform, wk.Translation(np.array([[0.0, 2.0, 3.0]]), frame="world")
    )  # a pixel in y and z
    assert main(["warp", path, "-t", str(transform), "-o", str(out)]) == 0
    warped = wk.read_image(out)
    assert (warped.array.dtype, warped.geometry) == (np.dtype(dtype), where)
    np.testing.assert_array_equal(warped.array[:-1, :-1], image[1:, 1:])
    assert (warped.array[-1] == 0).all()


def test_like_another_image(tmp_path):
    """Shape and place are the reference's, in the world and in pixels."""
    theirs, own = wk.Geometry((20, 30), spacing=(1.0, 1.0)), wk.Geometry((9, 14), spacing=(2.0, 2.0))
    image = texture((20, 30)).astype(np.float32)
    path = written(tmp_path, "a.mha", image, theirs)
    reference = written(tmp_path, "like.mha", np.zeros((9, 14), np.uint8), own)
    out = tmp_path / "b.mha"
    for frame, expected in (("world", image[:18:2, :28:2]), ("pixel", image[:9, :14])):
        wk.save_transform(tmp_path / "t.npz", wk.Translation.identity(2, frame=frame))
        given = ["warp", path, "-t", str(tmp_path / "t.npz"), "--like", reference, "-o", str(out)]
        assert main(given) == 0
        warped = wk.read_image(out)
        assert warped.geometry == own
        np.testing.assert_allclose(warped.array, expected, atol=1e-6)


def test_there_and_back(tmp_path):
    """What was warped comes back under the inverse, up to interpolation, and where it was."""
    theirs, own = wk.Geometry((60, 70), spacing=(1.0, 1.0)), wk.Geometry((64, 64), (0.9, 1.1), (1.0, -2.0))
    image = texture((60, 70), grain=12).astype(np.float32)
    first, reference = (
        written(tmp_path, "a.mha", image, theirs),
        written(tmp_path, "like.mha", np.zeros((64, 64)), own),
    )
    turn = str(tmp_path / "turn.tfm")
    wk.save_transform(turn, wk.Rigid(np.array([0.1]), np.array([[4.0, -3.0]]), frame="world"))
    there, back = str(tmp_path / "there.mha"), str(tmp_path / "back.mha")
    assert main(["warp", first, "-t", turn, "--like", reference, "-o", there, "--kernel", "bspline3"]) == 0
    given = ["warp", there, "-t", turn, "--like", first, "-o", back, "--kernel", "bspline3", "--inverse"]
    assert main(given) == 0
    again = wk.read_image(back)
    assert again.geometry == theirs
    np.testing.assert_allclose(again.array[20:40, 20:45], image[20:40, 20:45], atol=0.01)


def test_labels(tmp_path):
    """The nearest pixel makes no labels that were not there."""
    labels = np.random.default_rng(0).choice([0, 7, 200, 40_000], (20, 30)).astype(np.uint16)
    turn = wk.Rigid(np.array([0.3]), np.array([[5.0, -3.0]]), frame="pixel")
    wk.save_transform(tmp_path / "turn.npz", turn)
    path, out = written(tmp_path, "a.png", labels), tmp_path / "b.png"
    assert main(["warp", path, "-t", str(tmp_path / "turn.npz"), "-o", str(out), "--kernel", "nearest"]) == 0
    np.testing.assert_array_equal(wk.read_image(out).array, wk.warp(labels, turn, kernel="nearest"))


def test_the_field_of_a_transform_has_a_shape(tmp_path, capsys):
    field = str(tmp_path / "field.npz")
    wk.save_transform(field, wk.Displacement.identity((12, 15), frame="pixel"))
    image = texture((20, 30)).astype(np.float32)
    plain, out = written(tmp_path, "a.tif", image), tmp_path / "b.tif"
    assert main(["warp", plain, "-t", field, "-o", str(out)]) == 0
    np.testing.assert_array_equal(wk.read_image(out).array, image[:12, :15])
    # An image that is somewhere: where the output is, nobody has said.
    scan = written(tmp_path, "a.mha", image, wk.Geometry((20, 30)))
    assert main(["warp", scan, "-t", field, "-o", str(tmp_path / "b.mha")]) == 1
    assert f"{field}: expected --like" in capsys.readouterr().err
    reference = written(tmp_path, "like.mha", np.zeros((12, 15)), wk.Geometry((12, 15), (2.0, 2.0)))
    assert main(["warp", scan, "-t", field, "--like", reference, "-o", str(tmp_path / "b.mha")]) == 0


def test_a_picture_of_a_scan(tmp_path, shift):
    scan = written(tmp_path, "a.mha", np.zeros((20, 30), np.uint8), wk.Geometry((20, 30), (2.0, 2.0)))
    assert main(["warp", scan, "-t", shift, "-o", str(tmp_path / "b.png")]) == 0
    assert wk.read_image(tmp_path / "b.png").array.shape == (20, 30)


def test_errors_name_the_file(tmp_path, capsys, shift):
    def told(*arguments):
        assert main(["warp", *map(str, arguments)]) == 1
        printed = capsys.readouterr().err
        assert printed.startswith("warpkit: ")
        assert printed.count("\n") == 1
        return printed

    grey = written(tmp_path, "a.png", np.zeros((20, 30), np.uint8))
    out = tmp_path / "b.png"
    assert "no.png" in told(tmp_path / "no.png", "-t", shift, "-o", out)
    assert "no.npz" in told(grey, "-t", tmp_path / "no.npz", "-o", out)
    assert "no.nii" in told(grey, "-t", shift, "--like", tmp_path / "no.nii", "-o", out)
    assert "b.gif: expected one of the suffixes" in told(grey, "-t", shift, "-o", tmp_path / "b.gif")
    world, batch, solid = (tmp_path / f"{name}.npz" for name in ("world", "batch", "solid"))
    wk.save_transform(world, wk.Translation.identity(2, frame="world"))
    assert "a.png: expected a geometry" in told(grey, "-t", world, "-o", out)
    wk.save_transform(batch, wk.Translation.identity(2, n=5, frame="pixel"))
    assert "batch.npz: expected one transform, given a batch of 5" in told(grey, "-t", batch, "-o", out)
    wk.save_transform(solid, wk.Translation.identity(3, frame="pixel"))
    assert "a.png: expected 3 spatial dimensions, given 2" in told(grey, "-t", solid, "-o", out)
    singular = tmp_path / "singular.npz"
    wk.save_transform(singular, wk.Affine(np.zeros((1, 2, 3)), frame="pixel"))
    told(grey, "-t", singular, "--inverse", "-o", out)
    real = written(tmp_path, "real.tif", np.zeros((20, 30), np.float32))
    assert "b.png" in told(real, "-t", shift, "-o", out)
    assert not out.exists()


@pytest.mark.parametrize(
    "arguments", [["a.png"], ["a.png", "-t", "t.npz"], ["a.png", "-t", "t", "-o", "b", "--kernel", "x"]]
)
def test_wrong_command_line(capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        main(["warp", *arguments])
    assert exit_.value.code == 1
    assert "usage: warpkit warp" in capsys.readouterr().err
