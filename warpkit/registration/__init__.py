"""Aligning two images: :func:`register`, and how far to believe its answer."""

from ._agreement import Agreement as Agreement
from ._levenberg_marquardt import Iteration as Iteration
from ._register import register as register
from ._result import RegistrationResult as RegistrationResult
