"""The IDX format: arrays as MNIST's files hold them.

A file is: two zero bytes, a byte for the type of the elements, a byte for the number of axes; the length of
each axis as a big-endian uint32; the elements in row-major order, big-endian; nothing after them.
"""

from __future__ import annotations

import math
import os
import zlib
from pathlib import Path

import numpy as np

_DTYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}
_GZIP_MAGIC = b"\x1f\x8b"
_CHUNK = 2**16


def read_idx(path: str | os.PathLike[str]) -> np.ndarray:
    """Read an array from an IDX file, compressed with gzip or not.

    Parameters
    ----------
    path : path
        The file. Whether it is compressed is told by its first bytes, whatever its name.

    Returns
    -------
    array
        Of the file's shape and type, in the machine's byte order.

    Raises
    ------
    ValueError
        If it is no IDX file, is truncated, damaged or too long: the message names the file, the byte offset
        in it, what was expected and what is there. In a compressed file the offset counts uncompressed bytes,
        unless it is the compression itself that is damaged; the message says which.
    OSError
        If the file cannot be read.

    References
    ----------
    Y. LeCun, C. Cortes, C. Burges, "The MNIST database of handwritten digits", section "File formats".
    """
    file = Path(path)
    content = file.read_bytes()
    packed = content.startswith(_GZIP_MAGIC)
    if packed:
        content = _unpack(file, content)
    place = "at uncompressed byte" if packed else "at byte"
    dtype, shape = _read_header(file, content, place)
    start = 4 + 4 * len(shape)
    end = start + math.prod(shape) * dtype.itemsize
    if len(content) != end:
        expected = f"{end} bytes in all, for shape {shape} of {dtype.name}"
        given = f"{len(content) - end} more" if len(content) > end else "the end"
        raise _damaged(file, place, min(end, len(content)), expected, given)
    elements = np.frombuffer(content, dtype, offset=start)
    try:
        return elements.reshape(shape).astype(dtype.newbyteorder("="))
    except ValueError as error:  # too many axes, or an axis of 0 beside huge ones
        raise _damaged(file, place, 3, "the shape of an array", str(error)) from error


def _read_header(file: Path, content: bytes, place: str) -> tuple[np.dtype, tuple[int, ...]]:
    """Type and shape of the array."""
    if content[:2] != b"\0\0"[: len(content)]:
        raise _damaged(file, place, 0, "two zero bytes, as IDX files begin", content[:2].hex(" "))
    if len(content) < 4:
        raise _damaged(file, place, len(content), "a header of at least 4 bytes", "the end")
    if content[2] not in _DTYPES:
        known = ", ".join(f"{code:#04x}" for code in _DTYPES)
        raise _damaged(file, place, 2, f"a type, one of {known}", f"{content[2]:#04x}")
    ndim = content[3]
    if len(content) < 4 + 4 * ndim:
        raise _damaged(file, place, len(content), f"the lengths of {ndim} axes", "the end")
    return np.dtype(_DTYPES[content[2]]), tuple(int(n) for n in np.frombuffer(content, ">u4", ndim, offset=4))


def _unpack(file: Path, content: bytes) -> bytes:
    """Undo gzip's compression."""
    unpacker, parts = zlib.decompressobj(wbits=16 + zlib.MAX_WBITS), []
    for start in range(0, len(content), _CHUNK):
        before, chunk = unpacker.copy(), content[start : start + _CHUNK]
        try:
            parts.append(unpacker.decompress(chunk))
        except zlib.error as error:
            offset = start + _find_error(before, chunk)
            raise _damaged(file, "at compressed byte", offset, "gzip data", str(error)) from error
    if not unpacker.eof:
        raise _damaged(file, "at compressed byte", len(content), "more gzip data", "the end")
    if unpacker.unused_data:
        offset = len(content) - len(unpacker.unused_data)
        given = f"{len(unpacker.unused_data)} more bytes"
        raise _damaged(file, "at compressed byte", offset, "the end of the gzip data", given)
    return b"".join(parts)


def _find_error(unpacker: zlib._Decompress, chunk: bytes) -> int:
    """Position of the byte at which decompressing a chunk fails."""
    for i in range(len(chunk)):
        try:
            unpacker.decompress(chunk[i : i + 1])
        except zlib.error:
            return i
    return len(chunk)


def _damaged(file: Path, place: str, offset: int, expected: str, given: str) -> ValueError:
    return ValueError(f"{file}: {place} {offset}: expected {expected}, given {given}")
