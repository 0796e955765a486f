import sys

import pytest

from warpkit.cli._extras import need


def test_all_there():
    need({"numpy": "NumPy", "scipy": "SciPy"}, "this", "extra")


def test_missing_ones_are_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with pytest.raises(ImportError) as error:
        need({"numpy": "NumPy", "tqdm": "tqdm", "no_such_package": "that one"}, "the demo", "demo")
    assert str(error.value) == 'the demo needs tqdm and that one: pip install "warpkit-diff[demo]"'
