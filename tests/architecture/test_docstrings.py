"""Every public name says what it is: a summary line, and numpydoc's sections for what it takes and gives."""

import inspect
import re

import pytest

import warpkit


def sections(docstring):
    """Titles that are underlined as numpydoc wants it."""
    underlined = re.findall(r"^(\S.*)\n(-{3,})$", docstring, re.MULTILINE)
    return {title for title, rule in underlined if len(title) == len(rule)}


def test_names_exist_and_are_listed_once():
    assert len(set(warpkit.__all__)) == len(warpkit.__all__)
    assert [name for name in warpkit.__all__ if not hasattr(warpkit, name)] == []


@pytest.mark.parametrize("name", [name for name in warpkit.__all__ if not name.startswith("__")])
def test_docstring(name):
    thing = getattr(warpkit, name)
    if inspect.ismodule(thing):
        assert thing.__doc__, f"warpkit.{name} has no docstring"
        return
    if not callable(thing):
        pytest.skip("a constant: documented beside its definition")

    docstring = inspect.getdoc(thing) or ""
    summary = docstring.partition("\n")[0]
    assert summary.endswith("."), f"warpkit.{name} has no summary line ending in a full stop: {summary!r}"

    found = sections(docstring)
    signature = inspect.signature(thing)
    if isinstance(thing, type):
        # An exception is described by its summary; its arguments are a message.
        takes = not issubclass(thing, BaseException) and bool(signature.parameters)
        gives = False
    else:
        takes = bool(signature.parameters)
        gives = signature.return_annotation not in (None, "None")
    if takes:
        assert {"Parameters", "Attributes"} & found, f"warpkit.{name} does not describe what it takes"
    if gives:
        assert {"Returns", "Yields"} & found, f"warpkit.{name} does not describe what it gives"
