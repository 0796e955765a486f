import numpy as np
import pytest

from warpkit._core import check_choice, wrong_type, wrong_value


def test_errors_name_argument_expected_and_given():
    assert str(wrong_value("shape", "3 lengths", (1, 2))) == "shape: expected 3 lengths, given (1, 2)"
    assert (
        str(wrong_type("image", "an array", np.float32(1))) == "image: expected an array, given numpy.float32"
    )
    assert isinstance(wrong_value("a", "b", 1), ValueError)
    assert isinstance(wrong_type("a", "b", 1), TypeError)


def test_check_choice():
    check_choice("kernel", "linear", ("nearest", "linear"))
    with pytest.raises(ValueError, match="kernel: expected one of 'nearest', 'linear', given 'cubic'"):
        check_choice("kernel", "cubic", iter(("nearest", "linear")))
