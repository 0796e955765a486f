"""What is timed beside torch is the same network, and the table says what was measured."""

import numpy as np
import pytest

from benchmarks.stn import throughput
from benchmarks.stn.networks import Images, Transformer, make_network
from warpkit import nn


@pytest.fixture
def torch():
    return pytest.importorskip("torch", reason="torch is not installed")


@pytest.mark.parametrize("model", [*throughput.MODELS, "2xST-CNN"])
def test_the_same_network_in_torch(model, torch):
    """The same loss, and the same gradient of every parameter.

    The transformer starts from a map that is not the identity, because there its gradient is one-sided.
    """
    from benchmarks.stn.torch_network import as_torch

    rng = np.random.default_rng(0)
    network = make_network(model, Images(1, (30, 28), 10), Transformer("affine", (28, 28), 1.0), rng)
    for name, variable in network.named_parameters().items():
        if name.endswith("bias") or "regression" in name:
            variable.data = variable.data + rng.normal(0, 0.03, variable.shape).astype(np.float32)
    images, labels = rng.random((8, 1, 30, 28), np.float32), rng.integers(0, 10, 8)
    other = as_torch(network)
    loss = nn.cross_entropy(network(images), labels)
    loss.backward()
    other_loss = torch.nn.functional.cross_entropy(other(torch.from_numpy(images)), torch.from_numpy(labels))
    other_loss.backward()
    np.testing.assert_allclose(float(loss), other_loss.item(), rtol=1e-5)
    ours, theirs = network.parameters(), list(other.parameters())
    assert len(ours) == len(theirs)
    for one, two in zip(ours, theirs, strict=True):
        scale = np.abs(one.grad).max()
        assert scale > 0
        np.testing.assert_allclose(one.grad, two.grad.numpy(), rtol=1e-3, atol=1e-4 * scale)


def test_other_families_are_not_turned_into_affine_ones(torch):
    del torch
    from benchmarks.stn.torch_network import as_torch

    network = make_network(
        "ST-FCN", Images(1, (28, 28), 10), Transformer("projective", (28, 28), 1.0), np.random.default_rng(0)
    )
    with pytest.raises(ValueError, match="affine"):
        as_torch(network)


def test_a_row():
    seconds = {"warpkit": 0.002, "torch": 0.003}
    assert throughput.report("FCN", seconds) == "| FCN | 2 ms | 3 ms | 1.50 |"
    del seconds["torch"]
    assert throughput.report("FCN", seconds) == "| FCN | 2 ms |  |  |"


def test_the_command_line(torch, capsys):
    del torch
    arguments = ["--models", "ST-FCN", "--batch-size", "4", "--rounds", "2", "--threads", "1"]
    assert throughput.main(arguments) == 0
    *_, measured, _, drawing = capsys.readouterr().out.splitlines()
    cells = measured.split("|")[1:-1]
    assert cells[0].strip() == "ST-FCN"
    assert float(cells[3]) > 0
    assert drawing.startswith("drawing a batch of R: ")
