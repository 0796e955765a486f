"""What is not installed is named, with the command that installs it."""

import math

import pytest

from warpkit.exchange._optional import optional


def test_what_is_there():
    assert optional("math", "this test") is math


def test_what_is_not():
    with pytest.raises(
        ImportError, match=r'reading NIfTI needs no_such_library: pip install "warpkit-diff\[files\]"'
    ):
        optional("no_such_library.part", "reading NIfTI")
    with pytest.raises(ImportError, match=r"warpkit-diff\[features\]"):
        optional("no_such_library", "from_skimage", "features")
