"""Which of the starts to refine: all that are asked for are tried on small images, and the best one is kept.

A refined answer that contradicts strong evidence for its start is worth less than the start.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from warpkit._core import check_choice, wrong_type, wrong_value
from warpkit.transforms import AbstractTransform

from ._arguments import start_matrix
from ._mutual_information import INFORMATION
from ._refine import Answer, Pair, look, refine
from ._starts import IN_THE_PLANE, QUICK, STARTS, THOROUGH, TURNS, Start

CLEAR = 0.8  # of the tiles agree: there is no need to see whether more of them did at the start
ENOUGH = 0.3  # of the tiles agree: no other start is tried
GAIN = 0.02  # by which a refined answer may agree less than its start, before the start is kept
GAIN_OF_MODALITIES = 0.1  # the same for "mi": parts find their places less surely


def choose_start(pair: Pair, init: Any, frame: str) -> tuple[str, np.ndarray, range] | None:
    """A name, a map, and the levels on which to refine it; None if no start was found."""
    count = min(len(pair.fixed), len(pair.moving))
    if isinstance(init, AbstractTransform):
        return "given", start_matrix(init, pair.group, frame), range(count - 1, -1, -1)
    if not isinstance(init, str):
        raise wrong_type("init", "a transform, or the name of a way to start", init)
    check_choice("init", init, STARTS)
    if init in IN_THE_PLANE and pair.group.ndim != 2:
        raise wrong_value("init", "a way to start in 3D", repr(init))
    if init in TURNS and pair.group.name == "translation":
        raise wrong_value("init", "a way to start translations", repr(init))
    if init in QUICK:
        ((name, start),) = QUICK[init](pair)
        return name, start, range(count - 1, -1, -1)
    quick = QUICK.values() if init == "auto" else ()
    thorough = THOROUGH.values() if init == "auto" else (THOROUGH[init],)
    best = _best(pair, [find(pair) for find in quick], (start for find in thorough for start in find(pair)))
    return None if best is None else (*best, range(max(pair.scout_level - 1, 0), -1, -1))


def _best(pair: Pair, quick: Iterable[Iterator[Start]], thorough: Iterator[Start]) -> Start | None:
    """The best of the starts, refined on small images; thorough ones are made until one agrees."""
    level, count = pair.scout_level, min(len(pair.fixed), len(pair.moving))
    best: tuple[str, Answer] | None = None

    def attempt(name: str, start: np.ndarray) -> None:
        nonlocal best
        answer = refine(pair, start, range(count - 1, level - 1, -1))
        answer = unspoiled(pair, start, answer, level)
        if best is None or _rank(answer) > _rank(best[1]):
            best = name, answer

    for name, start in itertools.chain(*quick):
        attempt(name, start)
    while not (best and _agrees(best[1])) and (found := next(thorough, None)):
        attempt(*found)
    return None if best is None else (best[0], best[1].matrix)


def unspoiled(pair: Pair, start: np.ndarray, answer: Answer, level: int) -> Answer:
    """The start itself, where there is strong evidence for it that the refined answer contradicts."""
    if answer.agreement.share >= CLEAR:
        return answer
    before = look(pair, start, level)
    gain = GAIN_OF_MODALITIES if pair.metric == INFORMATION else GAIN
    spoiled = answer.agreement.share < before.agreement.share - gain
    if _agrees(before) and spoiled:
        return replace(before, settled=False)
    return answer


def _agrees(answer: Answer) -> bool:
    """Whether no other start need be tried."""
    return answer.agreement.convincing and answer.agreement.share >= ENOUGH


def _rank(answer: Answer) -> tuple[bool, float, float]:
    """The better the greater: what is convincing, then what agrees more, then what costs less."""
    return answer.agreement.convincing, answer.agreement.share, -answer.cost
