from pathlib import Path

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._inputs import Input
from warpkit.cli._output_folder import NAMES, prepare_folder, warped_name


def test_a_new_folder(tmp_path):
    folder = prepare_folder(str(tmp_path / "a" / "b"), [])
    assert folder.is_dir()
    assert not list(folder.iterdir())


def test_of_an_earlier_registration_nothing_is_left(tmp_path):
    for name in (*NAMES, "notes.txt", "warped-by-hand.png"):
        (tmp_path / name).write_text("old")
    assert prepare_folder(str(tmp_path), ["fixed.png"]) == tmp_path
    assert {file.name for file in tmp_path.iterdir()} == {"notes.txt", "warped-by-hand.png"}


def test_inputs_are_never_removed(tmp_path, monkeypatch):
    for name in ("warped.png", "report.json"):
        (tmp_path / name).write_text("old")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match=r"warped\.png: an input, which would be replaced"):
        prepare_folder(".", ["fixed.png", str(tmp_path / "warped.png")])
    assert (tmp_path / "report.json").exists()


def test_a_file_is_no_folder(tmp_path):
    (tmp_path / "out").write_text("")
    with pytest.raises(FileExistsError, match="out"):
        prepare_folder(str(tmp_path / "out"), [])


@pytest.mark.parametrize(
    ("fixed", "shape", "dtype", "name"),
    [
        ("a.png", (5, 6), "uint8", "warped.png"),
        ("A.JPG", (3, 5, 6), "uint8", "warped.png"),
        ("a.png", (5, 6), "uint16", "warped.png"),
        ("a.png", (5, 6), "float32", "warped.tif"),
        ("a.png", (3, 5, 6), "uint16", "warped.tif"),
        ("a.tiff", (5, 6), "uint8", "warped.tif"),
        ("a.nii", (4, 5, 6), "int16", "warped.nii"),
        ("a.nii.gz", (4, 5, 6), "int16", "warped.nii.gz"),
        ("a.mha", (4, 5, 6), "int16", "warped.mha"),
        ("a.nhdr", (4, 5, 6), "int16", "warped.nrrd"),
    ],
)
def test_the_warped_image_can_be_written(tmp_path, fixed, shape, dtype, name):
    ndim = 3 if shape == (4, 5, 6) else 2
    assert warped_name(Input(Path(fixed), np.zeros(shape), None, ndim), np.dtype(dtype)) == name
    assert name in NAMES
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    wk.write_image(tmp_path / name, array)
    np.testing.assert_array_equal(wk.read_image(tmp_path / name).array, array)
