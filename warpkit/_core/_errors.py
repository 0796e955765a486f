"""Errors that name the argument, what was expected and what was given."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any


def wrong_value(argument: str, expected: str, given: Any) -> ValueError:
    """Build a ValueError for an argument of the right type and the wrong value."""
    return ValueError(f"{argument}: expected {expected}, given {given}")


def wrong_type(argument: str, expected: str, given: Any) -> TypeError:
    """Build a TypeError for an argument whose type cannot be used."""
    kind = type(given)
    return TypeError(f"{argument}: expected {expected}, given {kind.__module__}.{kind.__qualname__}")


def check_choice(argument: str, given: Any, choices: Iterable[str]) -> None:
    """Raise a ValueError unless `given` is one of `choices`."""
    names = tuple(choices)
    if not (isinstance(given, str) and given in names):
        raise wrong_value(argument, "one of " + ", ".join(repr(name) for name in names), repr(given))
