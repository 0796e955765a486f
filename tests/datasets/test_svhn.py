"""SVHN's two formats, in small files written as MATLAB writes them."""

import io
import sys
import tarfile

import h5py
import imageio.v3 as iio
import numpy as np
import pytest
import scipy.io

from warpkit.datasets import HouseNumber, read_svhn_digits, read_svhn_numbers

# ---- single digits -----------------------------------------------------------------------------------------


def write_digits(path, **changes):
    rng = np.random.default_rng(0)
    record = {
        "X": rng.integers(0, 256, (32, 32, 3, 4)).astype(np.uint8),
        "y": np.array([[10], [1], [9], [5]], np.uint8),
    } | changes
    scipy.io.savemat(path, record)
    return record


def test_digits(tmp_path):
    written = write_digits(tmp_path / "train_32x32.mat")
    images, labels = read_svhn_digits(tmp_path / "train_32x32.mat")
    assert images.dtype == np.uint8
    assert images.flags.c_contiguous
    for i in range(4):
        np.testing.assert_array_equal(images[i].transpose(1, 2, 0), written["X"][..., i])
    np.testing.assert_array_equal(labels, [0, 1, 9, 5])
    assert labels.dtype == np.int64


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"X": np.zeros((32, 32, 3, 4))}, "X: expected shape .* given .* of float64"),
        ({"X": np.zeros((3, 32, 32, 4), np.uint8)}, r"X: expected .* given shape \(3, 32, 32, 4\)"),
        ({"y": np.ones(3)}, "y: expected 4 labels, as images, given 3"),
        ({"y": np.array([1, 2, 0, 3])}, "y: expected labels 1 to 10, given 0 at index 2"),
        ({"y": np.array([1, 2, 3, 11])}, "y: expected labels 1 to 10, given 11 at index 3"),
    ],
)
def test_wrong_digits(changes, message, tmp_path):
    write_digits(tmp_path / "test.mat", **changes)
    with pytest.raises(ValueError, match=rf"test\.mat: {message}"):
        read_svhn_digits(tmp_path / "test.mat")


def test_digits_without_labels(tmp_path):
    scipy.io.savemat(tmp_path / "test.mat", {"X": np.zeros((32, 32, 3, 4), np.uint8)})
    with pytest.raises(ValueError, match=r"test\.mat: expected the variables X and y, given \['X'\]"):
        read_svhn_digits(tmp_path / "test.mat")


def test_damaged_digits(tmp_path):
    path = tmp_path / "test.mat"
    write_digits(path)
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(ValueError, match=r"test\.mat: expected a MATLAB 5 file"):
        read_svhn_digits(path)
    with pytest.raises(FileNotFoundError):
        read_svhn_digits(tmp_path / "nothing.mat")


# ---- whole numbers -----------------------------------------------------------------------------------------

# Of each photo: the shape, and for each digit (left, top, width, height, label), as in the file.
NUMBERS = {
    "1.png": ((20, 30), [(3, 5, 6, 9, 1), (9, 4, 6, 10, 10)]),
    "2.png": ((12, 17), [(2, 1, 5, 8, 7)]),
    "3.png": ((25, 40), [(1, 1, 9, 11, 10), (11, 2, 8, 11, 2), (20, 3, 9, 11, 3)]),
}
FIELDS = ("left", "top", "width", "height", "label")


def photo(name):
    height, width = NUMBERS[name][0]
    return np.random.default_rng(int(name[0])).integers(0, 256, (height, width, 3)).astype(np.uint8)


def write_boxes(path, numbers=NUMBERS):
    """A struct array as MATLAB 7.3 writes it: everything behind references, but single numbers."""
    with h5py.File(path, "w", userblock_size=512) as file:  # which MATLAB fills with text
        references = file.create_group("#refs#")

        def refer(data):
            return references.create_dataset(str(len(references)), data=data).ref

        def column(values):
            if len(values) == 1:
                return np.array([[float(values[0])]])
            return np.array([[refer(np.array([[float(value)]]))] for value in values], h5py.ref_dtype)

        names, groups = [], []
        for name, (_, digits) in numbers.items():
            names.append([refer(np.array([[ord(letter)] for letter in name], np.uint16))])
            group = references.create_group(f"bbox {name}")
            for field, values in zip(FIELDS, zip(*digits, strict=True), strict=True):
                group.create_dataset(field, data=column(values))
            groups.append([group.ref])
        table = file.create_group("digitStruct")
        table.create_dataset("name", data=np.array(names, h5py.ref_dtype))
        table.create_dataset("bbox", data=np.array(groups, h5py.ref_dtype))
    path.write_bytes(b"MATLAB 7.3 MAT-file".ljust(512, b"\0") + path.read_bytes()[512:])


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "train"
    folder.mkdir()
    write_boxes(folder / "digitStruct.mat")
    for name in NUMBERS:
        iio.imwrite(folder / name, photo(name))
    (folder / "see_bboxes.m").write_text("% MATLAB code, which is in the archive too\n")
    return folder


def pack(folder, names, mode="w:gz"):
    archive = folder.parent / "train.tar.gz"
    with tarfile.open(archive, mode) as file:
        for name in names:
            file.add(folder / name, f"train/{name}")
    return archive


IN_ARCHIVE = ["3.png", "see_bboxes.m", "digitStruct.mat", "1.png", "2.png"]


def check(number):
    expected = np.array(NUMBERS[number.name][1])
    np.testing.assert_array_equal(number.image.transpose(1, 2, 0), photo(number.name))
    assert number.image.dtype == np.uint8
    np.testing.assert_array_equal(number.boxes, expected[:, :4] - [1, 1, 0, 0])
    np.testing.assert_array_equal(number.digits, expected[:, 4] % 10)
    assert number.digits.dtype == np.int64


def test_numbers_in_a_folder(folder):
    numbers = list(read_svhn_numbers(folder))
    assert [number.name for number in numbers] == list(NUMBERS)
    for number in numbers:
        check(number)


@pytest.mark.parametrize("mode", ["w:gz", "w"])
def test_numbers_in_an_archive(mode, folder):
    numbers = list(read_svhn_numbers(pack(folder, IN_ARCHIVE, mode)))
    assert [number.name for number in numbers] == ["3.png", "1.png", "2.png"]
    for number in numbers:
        check(number)


def test_what_is_missing_is_named(folder):
    with pytest.raises(FileNotFoundError, match=r"there is no digitStruct\.mat in it"):
        list(read_svhn_numbers(pack(folder, ["1.png"])))
    with pytest.raises(FileNotFoundError, match=r"2 photos are not in it, such as 2\.png"):
        list(read_svhn_numbers(pack(folder, ["digitStruct.mat", "1.png"])))
    (folder / "2.png").unlink()
    with pytest.raises(FileNotFoundError, match=r"2\.png"):
        list(read_svhn_numbers(folder))
    with pytest.raises(FileNotFoundError, match=r"nowhere\.tar\.gz"):
        list(read_svhn_numbers(folder / "nowhere.tar.gz"))


def test_what_is_damaged_is_named(folder):
    archive = pack(folder, IN_ARCHIVE)
    for damaged in (archive.read_bytes()[:-2000], b"no archive"):
        archive.write_bytes(damaged)
        with pytest.raises(ValueError, match=r"train\.tar\.gz: expected a complete tar archive"):
            list(read_svhn_numbers(archive))
    (folder / "1.png").write_bytes((folder / "1.png").read_bytes()[:100])
    with pytest.raises(ValueError, match=r"1\.png: expected a PNG image"):
        list(read_svhn_numbers(folder))
    (folder / "digitStruct.mat").write_bytes(b"nothing")
    with pytest.raises(ValueError, match=r"digitStruct\.mat: expected a MATLAB 7\.3 file"):
        list(read_svhn_numbers(folder))
    with h5py.File(folder / "digitStruct.mat", "w") as file:
        file["other"] = 1
    with pytest.raises(ValueError, match=r"digitStruct\.mat: expected a MATLAB 7\.3 file .* digitStruct"):
        list(read_svhn_numbers(folder))


def test_a_label_that_is_none(folder):
    write_boxes(folder / "digitStruct.mat", {"1.png": ((20, 30), [(3, 5, 6, 9, 1), (9, 4, 6, 9, 0)])})
    with pytest.raises(ValueError, match=r"digitStruct\.mat: 1\.png: expected labels 1 to 10, given 0\.0 at"):
        list(read_svhn_numbers(folder))


@pytest.mark.parametrize("missing", ["h5py", "imageio"])
def test_without_a_library(missing, folder, monkeypatch):
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(ImportError, match=r"needs h5py and imageio: pip install"):
        read_svhn_numbers(folder)


# ---- crops -------------------------------------------------------------------------------------------------


def number(image, *boxes):
    return HouseNumber("1.png", image, np.array(boxes, float), np.zeros(len(boxes), np.int64))


def test_a_crop_of_whole_pixels_is_a_slice():
    image = np.random.default_rng(0).integers(0, 256, (3, 40, 50)).astype(np.uint8)
    two = number(image, (10, 12, 4, 8), (16, 10, 4, 6))  # together columns 10 to 19 and rows 10 to 19
    np.testing.assert_array_equal(two.crop((10, 10), extension=0.0), image[:, 10:20, 10:20])
    np.testing.assert_array_equal(two.crop((14, 14), extension=0.4), image[:, 8:22, 8:22])


def test_a_smaller_crop_is_means():
    """Of whole pixels, which makes them exact up to rounding."""
    image = np.random.default_rng(0).integers(0, 256, (3, 40, 50)).astype(np.uint8)
    crop = number(image, (8, 4, 36, 24)).crop((8, 12), extension=0.0)
    means = image[:, 4:28, 8:44].reshape(3, 8, 3, 12, 3).mean(axis=(2, 4))
    assert crop.dtype == np.uint8
    assert np.abs(crop - means).max() <= 0.5


def test_a_crop_beyond_the_photo_repeats_its_border():
    image = np.arange(3 * 4 * 5, dtype=np.uint8).reshape(3, 4, 5)
    crop = number(image, (-2, -1, 9, 6)).crop((6, 9), extension=0.0)
    np.testing.assert_array_equal(crop, np.pad(image, [(0, 0), (1, 1), (2, 2)], mode="edge"))


def test_the_papers_crop():
    image = np.zeros((3, 300, 400), np.uint8)
    image[:, 100:150, 100:300] = 255
    crop = number(image, (100, 100, 200, 50)).crop()
    assert crop.shape == (3, 64, 64)
    inside = crop[0] == 255
    share = 1 / 1.3
    assert abs(np.sqrt(inside.mean()) - share) < 0.03
    np.testing.assert_array_equal(crop, crop[:, ::-1, ::-1])  # in the middle


@pytest.mark.parametrize(
    ("shape", "extension"), [((0, 64), 0.3), ((64,), 0.3), ((64, 64), -1.0), ((64, 64), np.nan)]
)
def test_wrong_crops(shape, extension):
    with pytest.raises(ValueError, match="shape" if extension == 0.3 else "extension"):
        number(np.zeros((3, 5, 5), np.uint8), (1, 1, 2, 2)).crop(shape, extension)


def test_bytes_of_a_photo_with_transparency(folder):
    """Photos are RGB whatever the file holds."""
    grey = np.random.default_rng(0).integers(0, 256, NUMBERS["2.png"][0]).astype(np.uint8)
    buffer = io.BytesIO()
    iio.imwrite(buffer, np.stack([grey, grey, grey, np.full_like(grey, 255)], axis=-1), extension=".png")
    (folder / "2.png").write_bytes(buffer.getvalue())
    image = {n.name: n.image for n in read_svhn_numbers(folder)}["2.png"]
    np.testing.assert_array_equal(image, np.stack([grey] * 3))
