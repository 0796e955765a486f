"""Training that can be interrupted at any iteration and ends with the same bits."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from warpkit import nn
from warpkit._core import to_numpy
from warpkit.autograd import find_nonfinite
from warpkit.nn import AbstractOptimizer, Module

from .experiment import AbstractExperiment, Batch
from .networks import transformers_of_input
from .plan import Plan

CURVE_EVERY = 100  # iterations to a point of the learning curve
MOMENTUM = 0.9  # of SGD


def make_optimizer(plan: Plan, network: Module) -> AbstractOptimizer:
    schedule = nn.CosineDecay(plan.learning_rate, plan.iterations)
    if plan.optimizer == "SGD":
        return nn.SGD(network, schedule, MOMENTUM, plan.weight_decay)
    return nn.Adam(network, schedule, weight_decay=plan.weight_decay)


def check_options(plan: Plan, network: Module) -> None:
    """Raise a ValueError for an option that would change nothing in this network."""
    transformers = [module for module in network.modules() if isinstance(module, nn.SpatialTransformer)]
    if plan.bound is not None and all(transformer.bound is None for transformer in transformers):
        raise ValueError("--bound: expected none, as these transformers have their own bounds")
    if plan.outside_penalty and not transformers_of_input(network):
        raise ValueError("--outside-penalty: expected none, as these transformers cannot leave the image")


@dataclass(eq=False)
class Training:
    """A run as far as it has come.

    Attributes
    ----------
    curve : list of (iteration, loss, error)
        Means over the iterations since the point before.
    seconds : float
        Spent in iterations.
    """

    plan: Plan
    experiment: AbstractExperiment
    to_device: Callable[[np.ndarray], Any]
    network: Module
    optimizer: AbstractOptimizer
    rng: np.random.Generator
    curve: list[tuple[int, float, float]] = field(default_factory=list)
    since: list[tuple[float, float]] = field(default_factory=list)
    seconds: float = 0.0

    @classmethod
    def begin(
        cls, plan: Plan, experiment: AbstractExperiment, to_device: Callable[[np.ndarray], Any]
    ) -> Training:
        network = experiment.network(plan, np.random.default_rng([plan.seed, 1]))
        check_options(plan, network)
        for variable in network.parameters():
            variable.data = to_device(variable.data)
        rng = np.random.default_rng([plan.seed, 2])
        return cls(plan, experiment, to_device, network, make_optimizer(plan, network), rng)

    @property
    def iteration(self) -> int:
        return self.optimizer.iteration

    def step(self) -> None:
        """One iteration; a FloatingPointError names what is not finite."""
        start = time.perf_counter()
        batch = self.experiment.draw(self.rng, self.plan.batch_size)
        self.network.zero_grad()
        loss, wrong = self._loss(batch)
        loss.backward()
        try:
            self.optimizer.step()
        except FloatingPointError as error:
            raise FloatingPointError(f"{error}: {self._first_nonfinite(batch)}") from None
        self.since.append((float(loss), wrong))
        if self.iteration % CURVE_EVERY == 0:
            mean_loss, mean_error = np.mean(self.since, axis=0)
            self.curve.append((self.iteration, float(mean_loss), float(mean_error)))
            self.since.clear()
        self.seconds += time.perf_counter() - start

    def _loss(self, batch: Batch) -> tuple[Any, float]:
        """The experiment's, and the penalty for looking beyond the input if there is one."""
        inputs, targets = self.to_device(batch.inputs), self.to_device(batch.targets)
        loss, wrong = self.experiment.loss(self.network, inputs, targets)
        if self.plan.outside_penalty:
            for transformer in transformers_of_input(self.network):
                outside = nn.outside_penalty(transformer.localize(inputs), transformer.shape)
                loss = loss + self.plan.outside_penalty * outside
        return loss, wrong

    def _first_nonfinite(self, batch: Batch) -> str | None:
        """Where it came from. The optimiser has refused the step, so the same happens again."""
        return find_nonfinite(self._loss(batch)[0])

    # ---- checkpoints ---------------------------------------------------------------------------------------

    def save(self, path: Path) -> None:
        """Write all that the rest of the run depends on; a file is replaced when the new one is complete."""
        arrays = {f"network/{name}": to_numpy(value) for name, value in self.network.state_dict().items()}
        arrays |= {
            f"optimizer/{name}": to_numpy(value) for name, value in self.optimizer.state_dict().items()
        }
        rest = {
            "plan": self.plan.record(),
            "rng": self.rng.bit_generator.state,
            "curve": self.curve,
            "since": self.since,
            "seconds": self.seconds,
        }
        arrays["rest"] = np.frombuffer(json.dumps(rest).encode(), np.uint8)
        partial = path.with_name(path.name + ".partial")
        with partial.open("wb") as file:
            np.savez(file, **arrays)
        partial.replace(path)

    def load(self, path: Path) -> None:
        """Go on from what `save` wrote. A ValueError says if that was of another plan."""
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        rest = json.loads(arrays.pop("rest").tobytes())
        if rest["plan"] != self.plan.record():
            raise ValueError(f"{path}: expected the plan {self.plan.record()}, given {rest['plan']}")

        def part(prefix: str) -> dict[str, Any]:
            chosen = {
                name.removeprefix(prefix): value for name, value in arrays.items() if name.startswith(prefix)
            }
            return {name: self.to_device(value) for name, value in chosen.items()}

        self.network.load_state_dict(part("network/"))
        self.optimizer.load_state_dict(part("optimizer/"))
        self.rng.bit_generator.state = rest["rng"]
        self.curve = [tuple(point) for point in rest["curve"]]
        self.since = [tuple(point) for point in rest["since"]]
        self.seconds = rest["seconds"]


def plan_of(checkpoint: Path) -> Plan:
    """What run the checkpoint is of."""
    with np.load(checkpoint, allow_pickle=False) as file:
        return Plan(**json.loads(file["rest"].tobytes())["plan"])
