"""The paper's figures, in percent: of wrong answers, or of right ones in the experiments of CORRECT.

M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015: table 1,
section 4.1, and the appendices A.1 and A.2.
"""

from __future__ import annotations

_COLUMNS = ("R", "RTS", "P", "E")
_TABLE_1 = {
    ("FCN", "none"): (2.1, 5.2, 3.1, 3.2),
    ("CNN", "none"): (1.2, 0.8, 1.5, 1.4),
    ("ST-FCN", "affine"): (1.2, 0.8, 1.5, 2.7),
    ("ST-FCN", "projective"): (1.3, 0.9, 1.4, 2.6),
    ("ST-FCN", "tps"): (1.1, 0.8, 1.4, 2.4),
    ("ST-CNN", "affine"): (0.7, 0.5, 0.8, 1.2),
    ("ST-CNN", "projective"): (0.8, 0.6, 0.8, 1.3),
    ("ST-CNN", "tps"): (0.7, 0.5, 0.8, 1.1),
}
_CLUTTERED = {
    ("FCN", "none"): 13.2,
    ("CNN", "none"): 3.5,
    ("ST-FCN", "affine"): 2.0,
    ("ST-CNN", "affine"): 1.7,
}

_ADDITION = {
    ("FCN", "none"): 47.7,
    ("CNN", "none"): 14.7,
    ("ST-FCN", "affine"): 22.6,
    ("2xST-FCN", "affine"): 9.0,
    ("2xST-FCN", "projective"): 5.9,
    ("2xST-FCN", "tps"): 5.8,
}

FIGURES: dict[tuple[str, str, str], float] = {
    (column, *row): figure
    for row, figures in _TABLE_1.items()
    for column, figure in zip(_COLUMNS, figures, strict=True)
}
FIGURES |= {("TC", *row): figure for row, figure in _CLUTTERED.items()}
FIGURES |= {("addition", *row): figure for row, figure in _ADDITION.items()}
# Of its cluttered digits the paper finds 75 to 93 %, depending on the class.
FIGURES |= {("colocalisation-T", "ST-CNN", "attention"): 100.0}
"""By experiment, model and transform."""

CORRECT = ("colocalisation-T", "colocalisation-TC")
"""Experiments whose figures say how many answers are right."""

ITERATIONS = 150_000
"""Of each of the paper's runs, with 256 images."""
