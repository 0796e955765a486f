import json
import sys

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli import main
from warpkit.cli._output_folder import NAMES
from warpkit.registration import METRICS, STARTS, TRANSFORMS

from .images import colours, scans, texture

DRAWN = {"checkerboard.png", "before-after.gif", "convergence.png", "report.json"}
SHIFT = wk.Translation(np.array([[4.0, -3.0]]), frame="pixel")


def names(folder):
    return {file.name for file in folder.iterdir()}


def write_pair(folder, fixed, moving, suffix=".png"):
    paths = [folder / f"{name}{suffix}" for name in ("fixed", "moving")]
    for path, image in zip(paths, (fixed, moving), strict=True):
        wk.write_image(path, image)
    return [str(path) for path in paths]


@pytest.fixture
def greys(tmp_path):
    """Two pictures, the second one's points by (4, -3) away from the first one's."""
    moving = np.rint(255 * texture((240, 320))).astype(np.uint8)
    return write_pair(tmp_path, wk.warp(moving, SHIFT), moving)


def test_pictures_with_colours(tmp_path, capsys):
    moving = colours((160, 208))
    paths = write_pair(tmp_path, wk.warp(moving, SHIFT), moving)
    out = tmp_path / "new" / "out"
    assert main(["register", *paths, "-o", str(out), "--transform", "translation"]) == 0
    assert names(out) == {"warped.png", "transform.npz"} | DRAWN
    transform = wk.load_transform(out / "transform.npz")
    assert type(transform) is wk.Translation
    np.testing.assert_allclose(transform.translation, SHIFT.translation, atol=0.01)
    warped = wk.read_image(out / "warped.png").array
    np.testing.assert_array_equal(warped, wk.warp(moving, transform))
    report = json.loads((out / "report.json").read_text(encoding="utf-8"))
    assert report["converged"] is True
    assert report["transform"]["parameters"]["translation"] == transform.translation.tolist()
    assert report["arguments"]["fixed"] == paths[0]
    printed = capsys.readouterr()
    assert printed.out.startswith(f"converged: {report['reason']}\n")
    assert report["moves"]["mean"] == pytest.approx(5, abs=0.02)
    assert f"by {report['moves']['mean']:.2f} pixels on average" in printed.out
    assert "wrote warped.png, transform.npz, checkerboard.png" in printed.out
    for name, least in (("checkerboard.png", 208), ("convergence.png", 700)):
        picture = wk.read_image(out / name).array
        assert picture.shape[0] == 3
        assert picture.shape[2] >= least


@pytest.mark.parametrize("suffix", [".nii.gz", ".mha"])
def test_volumes_in_the_world(tmp_path, suffix):
    """The shift is found in millimetres, and `warp` gives every bit of the warped image again."""
    (fixed, own), (moving, theirs), shift = scans()
    one, other, out = str(tmp_path / f"one{suffix}"), str(tmp_path / f"other{suffix}"), tmp_path / "out"
    wk.write_image(one, fixed, own)
    wk.write_image(other, moving, theirs)
    assert main(["register", one, other, "--out", str(out), "--transform", "translation"]) == 0
    assert names(out) == {f"warped{suffix}", "transform.npz", "transform.tfm"} | DRAWN
    found = wk.load_transform(out / "transform.npz")
    assert found.frame == "world"
    np.testing.assert_allclose(found.translation, shift.translation, atol=0.1)  # millimetres
    warped = wk.read_image(out / f"warped{suffix}")
    assert warped.geometry == wk.read_image(one).geometry
    assert np.corrcoef(warped.array[3:-3, 3:-3, 3:-3].ravel(), fixed[3:-3, 3:-3, 3:-3].ravel())[0, 1] > 0.99
    for name in ("transform.npz", "transform.tfm"):
        again = tmp_path / f"again{suffix}"
        given = [other, "--transform", str(out / name), "--like", one, "-o", str(again)]
        assert main(["warp", *given]) == 0
        assert wk.read_image(again).array.tobytes() == warped.array.tobytes()
        assert wk.read_image(again).geometry == warped.geometry


def test_it_is_what_register_finds(tmp_path, greys):
    fixed, moving = (wk.read_image(path).array for path in greys)
    out = tmp_path / "out"
    options = ["--transform", "rigid", "--metric", "huber", "--tolerance", "0.5", "--max-iterations", "7"]
    assert main(["register", *greys, "-o", str(out), *options, "--init", "mass"]) == 0
    expected = wk.register(fixed, moving, "rigid", "huber", tolerance=0.5, max_iterations=7, init="mass")
    found = wk.load_transform(out / "transform.npz")
    np.testing.assert_array_equal(found.translation, expected.transform.translation)
    np.testing.assert_array_equal(found.rotation, expected.transform.rotation)


@pytest.mark.parametrize("kind", ["displacement", "diffeomorphic"])
def test_fields(tmp_path, kind):
    """They are of pixels, also in the world, so that ITK's file has no place for them."""
    (fixed, own), (moving, theirs), _ = scans()
    one, other, out = str(tmp_path / "one.nii"), str(tmp_path / "other.nii"), tmp_path / "out"
    wk.write_image(one, fixed, own)
    wk.write_image(other, moving, theirs)
    options = ["--transform", kind, "--smoothness", "1", "--finest-level", "1", "--metric", "lncc"]
    assert main(["register", one, other, "-o", str(out), *options]) in (0, 2)  # small ones cannot be checked
    assert names(out) == {"warped.nii", "transform.npz"} | DRAWN
    again = str(tmp_path / "again.nii")
    assert main(["warp", other, "-t", str(out / "transform.npz"), "--like", one, "-o", again]) == 0
    warped = wk.read_image(out / "warped.nii")
    assert wk.read_image(again).array.tobytes() == warped.array.tobytes()
    assert wk.read_image(again).geometry == warped.geometry
    assert np.corrcoef(warped.array[3:-3, 3:-3, 3:-3].ravel(), fixed[3:-3, 3:-3, 3:-3].ravel())[0, 1] > 0.99
    described = json.loads((out / "report.json").read_text())["transform"]
    assert (described["class"], described["frame"]) == ("Composed", "pixel")


def test_images_that_do_not_agree(tmp_path, capsys):
    """All is written, and the exit status says not to believe it."""
    one, other = (np.rint(255 * texture((240, 320), seed)).astype(np.uint8) for seed in (0, 1))
    paths = write_pair(tmp_path, one, other)
    out = tmp_path / "out"
    assert main(["register", *paths, "-o", str(out), "--init", "identity"]) == 2
    assert names(out) == {"warped.png", "transform.npz"} | DRAWN
    assert json.loads((out / "report.json").read_text())["converged"] is False
    assert capsys.readouterr().out.startswith("NOT CONVERGED: only ")


def test_a_stack_of_pages(tmp_path):
    (fixed, _), (_, _), _ = scans()
    shift = wk.Translation(np.array([[2.0, 1.0, 0.0]]), frame="pixel")
    paths = write_pair(tmp_path, wk.warp(fixed, shift), fixed, ".tif")
    out = tmp_path / "out"
    assert main(["register", *paths, "-o", str(out), "--transform", "translation"]) == 0
    found = wk.load_transform(out / "transform.npz").translation
    np.testing.assert_allclose(found, shift.translation, atol=0.1)
    assert wk.read_image(out / "warped.tif").array.shape == fixed.shape


def test_one_image_without_a_place(tmp_path, capsys, greys):
    """Then places are pixels, and that is said; the warped image is where the fixed one is."""
    image = wk.read_image(greys[0]).array
    where = wk.Geometry(image.shape, spacing=(0.5, 0.5), origin=(3.0, 4.0))
    fixed = str(tmp_path / "fixed.mha")
    wk.write_image(fixed, image, where)
    out = tmp_path / "out"
    assert main(["register", fixed, greys[1], "-o", str(out), "--transform", "translation"]) == 0
    assert f"{greys[1]} does not say where its pixels are: places are pixels" in capsys.readouterr().err
    assert wk.load_transform(out / "transform.npz").frame == "pixel"
    assert names(out) == {"warped.mha", "transform.npz"} | DRAWN
    assert wk.read_image(out / "warped.mha").geometry == where


def test_masks(tmp_path):
    """What is left out may be NaN, and changes nothing."""
    moving = texture((240, 320)).astype(np.float32)
    fixed = wk.warp(moving, SHIFT)
    inside = np.full((240, 320), 255, np.uint8)
    inside[100:140, :] = 0
    hole = np.where(inside > 0, fixed, np.nan).astype(np.float32)
    paths = write_pair(tmp_path, hole, moving, ".tif")
    mask, everywhere = str(tmp_path / "mask.png"), str(tmp_path / "everywhere.png")
    wk.write_image(mask, inside)
    wk.write_image(everywhere, np.full_like(inside, 255))
    options = ["--transform", "translation", "--fixed-mask", mask, "--moving-mask", everywhere]
    assert main(["register", *paths, "-o", str(tmp_path / "out"), *options]) == 0
    found = wk.load_transform(tmp_path / "out" / "transform.npz").translation
    np.testing.assert_allclose(found, SHIFT.translation, atol=0.01)
    assert main(["register", *paths, "-o", str(tmp_path / "out")]) == 1  # without them


@pytest.mark.parametrize("frame", ["pixel", "normalized"])
def test_a_start_from_a_file(tmp_path, capsys, greys, frame):
    """Of whatever frame."""
    start = wk.Affine(np.array([[[1.0, 0.0, 5.0], [0.0, 1.0, -2.0]]]), frame="pixel")
    path = str(tmp_path / "start.npz")
    wk.save_transform(path, start.to_frame(frame, (240, 320)))
    assert main(["register", *greys, "-o", str(tmp_path / "out"), "--init", path]) == 0
    assert "start         given" in capsys.readouterr().out
    found = wk.load_transform(tmp_path / "out" / "transform.npz").theta[0]
    np.testing.assert_allclose(found, [[1, 0, 4], [0, 1, -3]], atol=0.05)


def test_a_start_in_pixels_for_images_in_the_world(tmp_path, capsys):
    (fixed, own), (moving, theirs), shift = scans()
    one, other, start = (str(tmp_path / name) for name in ("one.nii", "other.nii", "start.npz"))
    wk.write_image(one, fixed, own)
    wk.write_image(other, moving, theirs)
    wk.save_transform(
        start, wk.Affine(shift.to_frame("pixel", theirs, own).to_projective().theta[:, :3], frame="pixel")
    )
    assert main(["register", one, other, "-o", str(tmp_path / "out"), "--init", start]) == 0
    assert "start         given" in capsys.readouterr().out


def test_results_of_an_earlier_registration_are_replaced(tmp_path, greys):
    out = tmp_path / "out"
    out.mkdir()
    for name in (*NAMES, "notes.txt"):
        (out / name).write_text("old")
    assert main(["register", *greys, "-o", str(out), "--transform", "translation"]) == 0
    assert names(out) == {"notes.txt", "warped.png", "transform.npz"} | DRAWN


def test_an_input_is_not_replaced(tmp_path, capsys, greys):
    out = tmp_path / "out"
    assert main(["register", *greys, "-o", str(out), "--transform", "translation"]) == 0
    before = {file: file.read_bytes() for file in out.iterdir()}
    capsys.readouterr()
    assert main(["register", greys[0], str(out / "warped.png"), "-o", str(out)]) == 1
    assert "warped.png: an input, which would be replaced" in capsys.readouterr().err
    start = ["--init", str(out / "transform.npz")]
    assert main(["register", *greys, "-o", str(out), *start]) == 1
    assert {file: file.read_bytes() for file in out.iterdir()} == before


def bad(folder, name):
    """A file with something wrong."""
    path = folder / name
    grey = np.rint(255 * texture((240, 320))).astype(np.uint8)
    if name == "missing.png":
        return str(path)
    if name in ("empty.png", "damaged.png", "empty.nii.gz"):
        path.write_bytes(b"" if name.startswith("empty") else b"\x89PNG no more")
        return str(path)
    arrays = {
        "constant.png": np.full_like(grey, 7),
        "nan.tif": np.where(np.arange(320) == 3, np.nan, grey).astype(np.float32),
        "infinite.tif": np.where(np.arange(320) == 3, np.inf, grey).astype(np.float32),
        "volume.tif": np.zeros((5, 240, 320), np.uint8),
        "colours.png": colours((240, 320)),
        "small.png": grey[:100],
        "black.png": np.zeros_like(grey),
    }
    wk.write_image(path, arrays[name])
    return str(path)


@pytest.mark.parametrize("place", ["fixed", "moving"])
@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.png", "No such file"),
        ("empty.png", "expected an image, given an empty file"),
        ("empty.nii.gz", "expected an image, given an empty file"),
        ("damaged.png", "not an image that can be read"),
        ("constant.png", "expected an image that is not constant, given 7.0 everywhere"),
        ("nan.tif", "expected finite pixels (a mask leaves others out), given a NaN or an infinity"),
        ("infinite.tif", "expected finite pixels (a mask leaves others out), given a NaN or an infinity"),
        ("volume.tif", "spatial dimensions"),
        ("colours.png", "channels"),
    ],
)
def test_images_that_cannot_be_registered(tmp_path, capsys, greys, place, name, message):
    """One line that names the file and what is wrong with it; and no results."""
    path = bad(tmp_path, name)
    pair = [path, greys[1]] if place == "fixed" else [greys[0], path]
    assert main(["register", *pair, "-o", str(tmp_path / "out")]) == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("warpkit: ")
    assert printed.err.count("\n") == 1
    assert path in printed.err
    assert message in printed.err
    assert not (tmp_path / "out" / "report.json").exists()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("small.png", "expected shape (240, 320) like"),
        ("black.png", "expected weights of at least 0, some above, given weights from 0.0 to 0.0"),
        ("nan.tif", "expected weights of at least 0, some above, given weights from nan to nan"),
        ("missing.png", "No such file"),
    ],
)
@pytest.mark.parametrize("option", ["--fixed-mask", "--moving-mask"])
def test_masks_that_are_none(tmp_path, capsys, greys, option, name, message):
    path = bad(tmp_path, name)
    assert main(["register", *greys, "-o", str(tmp_path / "out"), option, path]) == 1
    told = capsys.readouterr().err
    assert path in told
    assert message in told


def test_starts_that_are_none(tmp_path, capsys, greys):
    def told(*options):
        assert main(["register", *greys, "-o", str(tmp_path / "out"), *options]) == 1
        return capsys.readouterr().err

    assert told("--init", "luck").startswith("warpkit: --init: expected one of 'auto', 'identity'")
    assert "luck.npz" in told("--init", str(tmp_path / "luck.npz"))
    world, field, turn = (str(tmp_path / f"{name}.npz") for name in ("world", "field", "turn"))
    wk.save_transform(world, wk.Translation.identity(2, frame="world"))
    assert f"{world}: expected a transform of pixels, as the images have no geometry" in told("--init", world)
    wk.save_transform(field, wk.Displacement.identity((240, 320), frame="pixel"))
    assert f"{field}: expected an affine map or a Projective" in told("--init", field)
    wk.save_transform(turn, wk.Rigid(np.array([0.1]), np.zeros((1, 2)), frame="pixel"))
    start = told("--init", turn, "--transform", "translation")
    assert f'{turn}: expected a start of the kind "translation"' in start


def test_a_start_of_another_dimension(tmp_path, capsys, greys):
    path = str(tmp_path / "solid.npz")
    wk.save_transform(path, wk.Translation.identity(3, frame="pixel"))
    assert main(["register", *greys, "-o", str(tmp_path / "out"), "--init", path]) == 1
    assert path in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--tolerance", "0"], "--tolerance: expected a number of pixels above 0, given 0.0"),
        (["--tolerance", "nan"], "--tolerance: expected a number of pixels above 0, given nan"),
        (["--max-iterations", "0"], "--max-iterations: expected a whole number of at least 1, given 0"),
        (["--smoothness", "-1", "--transform", "displacement"], "--smoothness: expected"),
        (["--finest-level", "-1"], "--finest-level: expected"),
        (["--ndim", "3"], "expected 3 spatial dimensions, given 2"),
    ],
)
def test_wrong_numbers(tmp_path, capsys, greys, options, message):
    assert main(["register", *greys, "-o", str(tmp_path / "out"), *options]) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["a.png", "b.png"],
        ["a.png", "-o", "out"],
        ["a.png", "b.png", "-o", "out", "--transform", "origami"],
        ["a.png", "b.png", "-o", "out", "--metric", "taste"],
        ["a.png", "b.png", "-o", "out", "--tolerance", "x"],
    ],
)
def test_a_wrong_command_line_is_no_failed_registration(capsys, arguments):
    with pytest.raises(SystemExit) as exit_:
        main(["register", *arguments])
    assert exit_.value.code == 1
    assert "usage: warpkit register" in capsys.readouterr().err


def test_help_names_every_choice(capsys):
    with pytest.raises(SystemExit) as exit_:
        main(["register", "--help"])
    assert exit_.value.code == 0
    told = capsys.readouterr().out
    for name in (*TRANSFORMS, *METRICS, *STARTS):
        assert name in told


@pytest.mark.parametrize("package", ["matplotlib", "imageio"])
def test_missing_package(tmp_path, capsys, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    assert main(["register", "a.png", "b.png", "-o", str(tmp_path)]) == 1
    expected = f'the command register needs {package}: pip install "warpkit-diff[command]"'
    assert capsys.readouterr().err == f"warpkit: {expected}\n"


def test_missing_reader(tmp_path, capsys, monkeypatch):
    (tmp_path / "a.nii").write_bytes(b"0")
    monkeypatch.setitem(sys.modules, "nibabel", None)
    assert main(["register", str(tmp_path / "a.nii"), "b.nii", "-o", str(tmp_path)]) == 1
    assert 'needs nibabel: pip install "warpkit-diff[files]"' in capsys.readouterr().err
