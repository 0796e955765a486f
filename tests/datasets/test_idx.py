import gzip
import struct

import numpy as np
import pytest

from warpkit.datasets import read_idx

CODES = {"u1": 0x08, "i1": 0x09, "i2": 0x0B, "i4": 0x0C, "f4": 0x0D, "f8": 0x0E}


def idx(array):
    header = struct.pack(f">HBB{array.ndim}I", 0, CODES[array.dtype.str[1:]], array.ndim, *array.shape)
    return header + array.astype(array.dtype.newbyteorder(">")).tobytes()


@pytest.fixture
def image():
    return np.arange(24, dtype=np.uint8).reshape(2, 3, 4)


@pytest.fixture
def write(tmp_path):
    def write(content):
        path = tmp_path / "file"
        path.write_bytes(content)
        return path

    return write


@pytest.mark.parametrize("pack", [bytes, gzip.compress], ids=["plain", "gz"])
@pytest.mark.parametrize("dtype", CODES)
@pytest.mark.parametrize("shape", [(5,), (2, 3, 4), (0, 28, 28), ()])
def test_reads(write, pack, dtype, shape):
    array = np.random.default_rng(0).uniform(-100, 100, shape).astype(dtype)
    found = read_idx(write(pack(idx(array))))
    np.testing.assert_array_equal(found, array)
    assert found.dtype == array.dtype
    assert found.flags.writeable


@pytest.mark.parametrize(
    ("content", "offset", "says"),
    [
        (b"", 0, "header of at least 4 bytes, given the end"),
        (b"\0\0\x08", 3, "header of at least 4 bytes, given the end"),
        (b"PK\x03\x04", 0, "two zero bytes, as IDX files begin, given 50 4b"),
        (b"\0\0\x0a\x01\0\0\0\0", 2, "one of 0x08, 0x09, 0x0b, 0x0c, 0x0d, 0x0e, given 0x0a"),
        (b"\0\0\x08\x03\0\0\0\x01", 8, "the lengths of 3 axes, given the end"),
        (b"\0\0\x08\x01\0\0\0\x03ab", 10, r"11 bytes in all, for shape \(3,\) of uint8, given the end"),
        (b"\0\0\x08\x01\0\0\0\x03abcde", 11, r"11 bytes in all, for shape \(3,\) of uint8, given 2 more"),
        (b"\0\0\x0e\x02" + b"\xff" * 8, 12, "bytes in all"),  # 2^67 bytes: nothing is allocated for them
        (b"\0\0\x08\x03" + b"\xff" * 8 + b"\0" * 4, 3, "the shape of an array"),
        (b"\0\0\x08\x46" + b"\0\0\0\x01" * 70 + b"a", 3, "the shape of an array"),
    ],
    ids=[
        "empty",
        "no header",
        "other format",
        "type",
        "no shape",
        "truncated",
        "too long",
        "huge",
        "none of huge",
        "70 axes",
    ],
)
def test_damaged(write, content, offset, says):
    path = write(content)
    with pytest.raises(ValueError, match=rf"file: at byte {offset}: .*{says}"):
        read_idx(path)
    path.write_bytes(gzip.compress(content))
    with pytest.raises(ValueError, match=rf"file: at uncompressed byte {offset}: .*{says}"):
        read_idx(path)


@pytest.mark.parametrize("length", [3, 12, 20])
def test_gzip_truncated(write, image, length):
    path = write(gzip.compress(idx(image))[:length])
    with pytest.raises(
        ValueError, match=f"at compressed byte {length}: expected more gzip data, given the end"
    ):
        read_idx(path)


def test_gzip_followed_by_more(write, image):
    content = gzip.compress(idx(image))
    path = write(content + b"xyz")
    with pytest.raises(ValueError, match=rf"at compressed byte {len(content)}: .*given 3 more bytes"):
        read_idx(path)


def test_gzip_damaged(write):
    image = np.random.default_rng(0).integers(0, 255, (3, 200, 200)).astype(np.uint8)
    content = bytearray(gzip.compress(idx(image)))
    content[-6] ^= 1  # in the checksum, which ends 4 bytes before the end
    with pytest.raises(ValueError, match=rf"at compressed byte {len(content) - 5}: .*incorrect data check"):
        read_idx(write(content))


def test_no_file(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_idx(tmp_path / "nothing")
