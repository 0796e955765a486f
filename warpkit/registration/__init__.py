"""Aligning two images, or many pairs: :func:`register`, and how far to believe its answer."""

from ._agreement import Agreement as Agreement
from ._arguments import METRICS as METRICS
from ._arguments import TRANSFORMS as TRANSFORMS
from ._landmarks import relative_target_registration_error as relative_target_registration_error
from ._landmarks import target_registration_error as target_registration_error
from ._levenberg_marquardt import Iteration as Iteration
from ._many import FailedRegistration as FailedRegistration
from ._many import register_many as register_many
from ._matches import Consensus as Consensus
from ._matches import from_matches as from_matches
from ._register import register as register
from ._result import RegistrationResult as RegistrationResult
from ._starts import STARTS as STARTS
