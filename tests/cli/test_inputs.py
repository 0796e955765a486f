import re

import numpy as np
import pytest

import warpkit as wk
from warpkit.cli._inputs import check_pair, naming, read_input, read_mask


def written(folder, name, array, geometry=None):
    wk.write_image(folder / name, array, geometry)
    return str(folder / name)


@pytest.mark.parametrize(
    ("name", "shape", "ndim", "spatial", "channels"),
    [
        ("grey.png", (6, 7), None, (6, 7), 0),
        ("colours.png", (3, 6, 7), None, (6, 7), 3),
        ("colours.tif", (3, 6, 7), None, (6, 7), 3),
        ("pages.tif", (5, 6, 7), None, (5, 6, 7), 0),
        ("pages.tif", (5, 6, 7), 3, (5, 6, 7), 0),
        ("channels.tif", (5, 6, 7), 2, (6, 7), 5),
        ("scan.nii.gz", (5, 6, 7), None, (5, 6, 7), 0),
        ("slice.mha", (6, 7), 2, (6, 7), 0),
    ],
)
def test_axes(tmp_path, name, shape, ndim, spatial, channels):
    array = np.random.default_rng(0).integers(0, 255, shape, np.uint8)
    geometry = wk.Geometry(spatial, spacing=(2.0, 1.0, 0.5)[: len(spatial)])
    path = written(tmp_path, name, array, geometry if name in ("scan.nii.gz", "slice.mha") else None)
    image = read_input(path, ndim)
    assert (image.shape, image.channels, image.ndim) == (spatial, channels, len(spatial))
    np.testing.assert_array_equal(image.array, array)


def test_in_words(tmp_path):
    scan = written(tmp_path, "scan.nii", np.zeros((4, 5, 6), np.int16), wk.Geometry((4, 5, 6), (1.0, 1.5, 2)))
    assert str(read_input(scan)) == "scan.nii, 6 x 5 x 4 pixels of 1 x 1.5 x 2 mm, int16"
    photo = written(tmp_path, "photo.png", np.zeros((3, 5, 6), np.uint8))
    assert str(read_input(photo)) == "photo.png, 6 x 5 pixels, 3 channels, uint8"


def test_the_wrong_number_of_dimensions(tmp_path):
    photo = written(tmp_path, "photo.png", np.zeros((5, 6), np.uint8))
    with pytest.raises(ValueError, match=r"photo\.png: expected 3 spatial dimensions, given 2"):
        read_input(photo, 3)


def test_numbers_that_are_not_real(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    nibabel.save(nibabel.Nifti1Image(np.zeros((4, 5, 6), np.complex64), np.eye(4)), tmp_path / "phase.nii")
    with pytest.raises(ValueError, match=r"phase\.nii: expected real numbers, given complex64"):
        read_input(str(tmp_path / "phase.nii"))


def test_bytes_in_the_machines_own_order(tmp_path):
    nibabel = pytest.importorskip("nibabel")
    values = np.arange(120.0).reshape(4, 5, 6)
    nibabel.save(nibabel.Nifti1Image(values.astype(">f4"), np.eye(4)), tmp_path / "big.nii")
    array = read_input(str(tmp_path / "big.nii")).array
    assert array.dtype.isnative
    np.testing.assert_array_equal(array, values.T)


def test_pairs_that_do_not_match(tmp_path):
    volume = read_input(written(tmp_path, "volume.nii", np.zeros((4, 5, 6), np.float32)))
    grey = read_input(written(tmp_path, "grey.png", np.zeros((5, 6), np.uint8)))
    red = read_input(written(tmp_path, "red.png", np.zeros((3, 5, 6), np.uint8)))
    check_pair(grey, grey)
    with pytest.raises(
        ValueError, match=r"grey\.png: expected 3 spatial dimensions like .*volume\.nii, given 2"
    ):
        check_pair(volume, grey)
    with pytest.raises(ValueError, match=r"red\.png: expected greys like .*grey\.png, given 3 channels"):
        check_pair(grey, red)


def test_masks(tmp_path):
    where = wk.Geometry((4, 5, 6), spacing=(1.0, 1.0, 2.0))
    scan = read_input(written(tmp_path, "scan.nii", np.zeros((4, 5, 6), np.float32), where))
    weights = np.random.default_rng(0).integers(0, 2, (4, 5, 6), np.uint8)
    assert read_mask(None, scan) is None
    np.testing.assert_array_equal(read_mask(written(tmp_path, "mask.nii", weights, where), scan), weights)
    near = wk.Geometry((4, 5, 6), spacing=(1.0, 1.0, 2.0), origin=(0.001, 0.0, 0.0))  # headers are rounded
    np.testing.assert_array_equal(read_mask(written(tmp_path, "near.nii", weights, near), scan), weights)
    other = wk.Geometry((4, 5, 6), spacing=(1.0, 1.0, 2.1))
    with pytest.raises(
        ValueError, match=r"other\.nii: expected spacing, origin and direction like .*scan\.nii"
    ):
        read_mask(written(tmp_path, "other.nii", weights, other), scan)
    small = written(tmp_path, "small.nii", weights[:3])
    with pytest.raises(ValueError, match=r"small\.nii: expected shape \(4, 5, 6\) like .*given \(3, 5, 6\)"):
        read_mask(small, scan)


def test_errors_are_about_what_was_given():
    given = {"fixed": "a.png", "fixed_mask": None}
    with pytest.raises(ValueError, match=re.escape("a.png: expected pixels")), naming(given):
        raise ValueError("fixed: expected pixels")
    with pytest.raises(ValueError, match=re.escape("a.png: expected 3: given 4")), naming(given):
        raise TypeError("fixed: expected 3: given 4")
    for message in ("moving: expected pixels", "fixed_mask: expected pixels", "no argument"):
        with pytest.raises(ValueError, match=f"^{message}$"), naming(given):
            raise ValueError(message)
    with pytest.raises(TypeError, match="a bug"), naming(given):
        raise TypeError("a bug")
