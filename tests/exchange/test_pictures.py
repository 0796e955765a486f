"""Pictures, against Pillow and tifffile."""

import numpy as np
import pytest

from warpkit.exchange._pictures import read_picture, read_tiff, write_png, write_tiff

Image = pytest.importorskip("PIL.Image", reason="compares with Pillow")
tifffile = pytest.importorskip("tifffile", reason="compares with tifffile")

PHOTO = np.random.default_rng(0).integers(0, 256, (8, 9, 4), dtype=np.uint8)


def first(array):
    return np.moveaxis(array, -1, 0)


@pytest.mark.parametrize(
    ("array", "expected"),
    [
        (PHOTO[..., 0], PHOTO[..., 0]),
        (PHOTO[..., :3], first(PHOTO[..., :3])),
        (PHOTO, first(PHOTO[..., :3])),  # alpha
        (PHOTO[..., :2], PHOTO[..., 0]),  # grey and alpha
        (PHOTO[..., 0] > 99, PHOTO[..., 0] > 99),
        (PHOTO[..., 0].astype(np.uint16) * 200, PHOTO[..., 0].astype(np.uint16) * 200),
    ],
    ids=["grey", "colours", "alpha", "grey and alpha", "two values", "16 bits"],
)
def test_channels_of_png(tmp_path, array, expected):
    Image.fromarray(np.ascontiguousarray(array)).save(tmp_path / "a.png")
    found = read_picture(tmp_path / "a.png")
    assert found.geometry is None
    assert found.array.dtype == expected.dtype
    np.testing.assert_array_equal(found.array, expected)


def test_palettes_are_looked_up(tmp_path):
    image = Image.fromarray(np.ascontiguousarray(PHOTO[..., :3])).convert("P")
    image.save(tmp_path / "a.png", transparency=3)
    np.testing.assert_array_equal(
        read_picture(tmp_path / "a.png").array, first(np.array(image.convert("RGB")))
    )


def test_four_inks_are_no_colours_with_alpha(tmp_path):
    Image.fromarray(np.ascontiguousarray(PHOTO)).convert("CMYK").save(tmp_path / "a.jpg")
    with pytest.raises(ValueError, match="expected greys or RGB, given the mode CMYK"):
        read_picture(tmp_path / "a.jpg")


def test_bits_are_not_dropped(tmp_path):
    """Pillow reads 8 of 16 bits of each colour. (Written by hand: an empty PNG of that kind.)"""
    cv2 = pytest.importorskip("cv2", reason="writes PNG with 16 bits per colour")
    cv2.imwrite(str(tmp_path / "a.png"), PHOTO[..., :3].astype(np.uint16) * 200)
    with pytest.raises(ValueError, match="expected 8 bits for each channel of a PNG with several, given 16"):
        read_picture(tmp_path / "a.png")


@pytest.mark.parametrize("suffix", [".jpg", ".bmp", ".ppm"])
def test_other_formats(tmp_path, suffix):
    image = Image.fromarray(np.full((8, 9, 3), (10, 200, 90), np.uint8))
    image.save(tmp_path / f"a{suffix}")
    found = read_picture(tmp_path / f"a{suffix}").array
    np.testing.assert_allclose(found, first(np.array(image)), atol=2)  # what JPEG does to an even colour


@pytest.mark.parametrize(
    "array", [PHOTO[..., 0], first(PHOTO[..., :3]), PHOTO[..., 0] > 99, PHOTO[..., 0] * np.uint16(9)]
)
def test_png_round_trip(tmp_path, array):
    write_png(tmp_path / "a.png", array)
    found = read_picture(tmp_path / "a.png").array
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("array", "message"),
    [
        (np.zeros((4, 5)), "array: expected bool or uint8 or uint16 for such a PNG, given float64"),
        (np.zeros((3, 4, 5), np.uint16), "array: expected uint8 for such a PNG, given uint16"),
        (
            np.zeros((4, 5, 3), np.uint8),
            r"array: expected shape \(h, w\) or \(3, h, w\) for a PNG, given \(4, 5, 3\)",
        ),
    ],
)
def test_what_png_does_not_hold(tmp_path, array, message):
    with pytest.raises(ValueError, match=message):
        write_png(tmp_path / "a.png", array)
    assert not (tmp_path / "a.png").exists()


@pytest.mark.parametrize("dtype", ["bool", "uint8", "uint16", "int32", "float32", "float64"])
@pytest.mark.parametrize("shape", [(4, 5), (3, 4, 5), (7, 4, 5), (2, 4, 5), (1, 5)])
def test_tiff_round_trip(tmp_path, shape, dtype):
    array = (200 * np.random.default_rng(1).random(shape)).astype(dtype)
    write_tiff(tmp_path / "a.tif", array)
    found = read_tiff(tmp_path / "a.tif").array
    assert found.dtype == array.dtype
    np.testing.assert_array_equal(found, array)


@pytest.mark.parametrize(
    ("array", "options", "expected"),
    [
        (PHOTO[..., :3], {"photometric": "rgb"}, first(PHOTO[..., :3])),
        (PHOTO, {"photometric": "rgb"}, first(PHOTO[..., :3])),
        (first(PHOTO), {"photometric": "rgb", "planarconfig": "separate"}, first(PHOTO[..., :3])),
        (
            np.stack([PHOTO, PHOTO[::-1]])[..., :3],
            {"photometric": "rgb"},
            np.stack([first(PHOTO[..., :3]), first(PHOTO[::-1, :, :3])], axis=1),
        ),
        (np.stack([PHOTO[..., 0]] * 3), {"imagej": True}, np.stack([PHOTO[..., 0]] * 3)),
    ],
    ids=["colours", "alpha", "planes", "pages of colours", "slices of ImageJ"],
)
def test_channels_of_tiff(tmp_path, array, options, expected):
    tifffile.imwrite(tmp_path / "a.tif", array, **options)
    np.testing.assert_array_equal(read_tiff(tmp_path / "a.tif").array, expected)


def test_what_tiff_cannot_say(tmp_path):
    Image.fromarray(np.ascontiguousarray(PHOTO[..., :3])).convert("P").save(tmp_path / "a.tif")
    with pytest.raises(ValueError, match="expected greys or RGB, given PALETTE"):
        read_tiff(tmp_path / "a.tif")
    tifffile.imwrite(tmp_path / "b.tif", np.zeros((4, 5), np.complex64))
    with pytest.raises(ValueError, match="expected real numbers, given complex64"):
        read_tiff(tmp_path / "b.tif")
    tifffile.imwrite(tmp_path / "c.tif", np.zeros((2, 3, 4, 5)), photometric="minisblack")
    with pytest.raises(ValueError, match="expected axes"):
        read_tiff(tmp_path / "c.tif")
    with pytest.raises(ValueError, match=r"array: expected shape \(h, w\), \(3, h, w\) or \(z, h, w\)"):
        write_tiff(tmp_path / "d.tif", np.zeros((2, 3, 4, 5)))


def test_stacks_that_are_cut_off(tmp_path):
    """However the pages lie in the file, and wherever it ends: an error, or all the pages."""
    stack = np.stack([PHOTO[..., 0]] * 5)
    pages = [Image.fromarray(page) for page in stack]
    tifffile.imwrite(tmp_path / "a.tif", stack, photometric="minisblack")
    tifffile.imwrite(tmp_path / "b.tif", stack, imagej=True)
    pages[0].save(tmp_path / "c.tif", save_all=True, append_images=pages[1:])
    for name in "abc":
        file = tmp_path / f"{name}.tif"
        np.testing.assert_array_equal(read_tiff(file).array, stack)
        content = file.read_bytes()
        for length in range(len(content) // 4, len(content), 7):
            file.write_bytes(content[:length])
            try:
                found = read_tiff(file).array
            except Exception:  # of any kind: read_image says which file it is
                continue
            np.testing.assert_array_equal(found, stack)
