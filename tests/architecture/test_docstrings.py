"""Every public name says what it is: a summary line, numpydoc's sections, and types."""

import inspect
import re

import pytest

import warpkit


def sections(docstring):
    """Titles that are underlined as numpydoc wants it."""
    underlined = re.findall(r"^(\S.*)\n(-{3,})$", docstring, re.MULTILINE)
    return {title for title, rule in underlined if len(title) == len(rule)}


public_things = [thing for name, thing in vars(warpkit).items() if not name.startswith("_")]
modules = [thing for thing in public_things if inspect.ismodule(thing)]
# Constants are described where they are defined.
callables = [thing for thing in public_things if callable(thing)]
errors = [thing for thing in callables if isinstance(thing, type) and issubclass(thing, BaseException)]


@pytest.mark.parametrize("module", modules, ids=lambda module: module.__name__)
def test_module_docstring(module):
    assert module.__doc__


@pytest.mark.parametrize("thing", callables, ids=lambda thing: thing.__name__)
def test_docstring(thing):
    name = thing.__name__
    docstring = inspect.getdoc(thing) or ""
    summary = docstring.partition("\n")[0]
    assert summary.endswith("."), f"warpkit.{name} has no summary line ending in a full stop: {summary!r}"

    found = sections(docstring)
    signature = inspect.signature(thing)
    # An error takes a message; its summary says all.
    takes = bool(signature.parameters) and thing not in errors
    gives = not isinstance(thing, type) and signature.return_annotation not in (None, "None")
    if takes:
        assert {"Parameters", "Attributes"} & found, f"warpkit.{name} does not describe what it takes"
    if gives:
        assert {"Returns", "Yields"} & found, f"warpkit.{name} does not describe what it gives"


@pytest.mark.parametrize(
    "thing", [thing for thing in callables if thing not in errors], ids=lambda thing: thing.__name__
)
def test_annotations(thing):
    """What users call is typed, so that their own type checkers know it."""
    signature = inspect.signature(thing)
    bare = [p.name for p in signature.parameters.values() if p.annotation is p.empty]
    assert bare == []
    assert isinstance(thing, type) or signature.return_annotation is not signature.empty
