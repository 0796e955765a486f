"""What a run is, as its command line says it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

OPTIMIZERS = ("SGD", "Adam")


@dataclass(frozen=True)
class Plan:
    """One training run. Two runs with equal plans end with the same bits on the same machine."""

    experiment: str
    model: str
    transform: str
    """The transformer's family; "none" for a network without one."""
    seed: int
    iterations: int
    batch_size: int
    learning_rate: float
    """At the start; it falls to 0 along half a cosine."""
    localizer_factor: float
    """What the transformer's learning rate is multiplied by."""
    optimizer: str = "Adam"
    """One of OPTIMIZERS."""
    weight_decay: float = 0.0
    """As of :class:`warpkit.nn.SGD`; 0 for none, as in the paper for digits."""
    bound: float | None = None
    """How far a transformer's parameters can go from the identity, by a tanh; None for any."""
    outside_penalty: float = 0.0
    """What :func:`warpkit.nn.outside_penalty` counts in the loss; 0 for nothing."""

    @property
    def name(self) -> str:
        """Of its files."""
        parts = [self.experiment, self.model, self.transform, str(self.iterations), f"seed{self.seed}"]
        return "_".join(part for part in parts if part != "none")

    def record(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)
