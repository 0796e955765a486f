"""Modules: names of parameters, states, files."""

import contextlib
import zipfile

import numpy as np
import pytest

import warpkit as wk
from warpkit import Variable
from warpkit.nn import Linear, Module, Sequential


class Nested(Module):
    """Parameters as attributes, in a list, in a dict, shared, and things that are none."""

    def __init__(self, rng):
        self.scale = Variable(np.ones(2, np.float32))
        self.parts = [Linear(2, 3, rng=rng), Linear(3, 2, rng=rng, bias=False)]
        self.heads = {"a": Linear(2, 1, rng=rng)}
        self.again = self.scale
        self.constant = Variable(np.ones(3), requires_grad=False)
        self.computed = self.scale * 2.0
        self.number = 5

    def __call__(self, image):
        return image


@pytest.fixture
def network():
    return Nested(np.random.default_rng(0))


NAMES = ["scale", "parts.0.weight", "parts.0.bias", "parts.1.weight", "heads.a.weight", "heads.a.bias"]


def test_names(network):
    assert list(network.named_parameters()) == NAMES
    assert [id(p) for p in network.parameters()] == [id(p) for p in network.named_parameters().values()]


def test_modules(network):
    assert list(network.modules()) == [network, *network.parts, network.heads["a"]]


def test_learning_rate_factors_multiply(network):
    network.learning_rate_factor = 0.5
    network.parts[0].learning_rate_factor = 0.1
    factors = network.learning_rate_factors()
    assert factors["scale"] == 0.5
    assert factors["parts.0.bias"] == pytest.approx(0.05)
    assert factors["heads.a.bias"] == 0.5
    assert Nested(np.random.default_rng(0)).learning_rate_factor == 1.0


def test_weight_decay_factors_multiply(network):
    network.weight_decay_factor = 0.5
    network.parts[0].weight_decay_factor = 0.1
    factors = network.weight_decay_factors()
    assert factors["scale"] == 0.5
    assert factors["parts.0.bias"] == pytest.approx(0.05)
    assert set(network.learning_rate_factors().values()) == {1.0}


def test_zero_grad(network):
    (network.scale * network.scale).sum().backward()
    assert network.scale.grad is not None
    network.zero_grad()
    assert network.scale.grad is None


def test_state_dict_is_a_copy(network):
    state = network.state_dict()
    state["scale"][:] = 7
    np.testing.assert_array_equal(network.scale.data, [1, 1])


def test_round_trip_through_a_file(network, tmp_path):
    path = tmp_path / "weights.of.any.name"
    network.save(path)
    network.save(path)  # replaces the first
    other = Nested(np.random.default_rng(1))
    other.load(path)
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name], value)
        assert other.state_dict()[name].dtype == np.float32
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_numpy_reads_the_file_without_pickle(network, tmp_path):
    network.save(tmp_path / "w.npz")
    with np.load(tmp_path / "w.npz", allow_pickle=False) as file:
        assert sorted(file.files) == sorted(NAMES)
        np.testing.assert_array_equal(file["scale"], [1, 1])


def test_the_same_state_is_the_same_file(network, tmp_path):
    network.save(tmp_path / "a")
    network.save(tmp_path / "b")
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_numpys_own_files_are_read(network, tmp_path):
    np.savez_compressed(tmp_path / "w.npz", **network.state_dict())
    Nested(np.random.default_rng(1)).load(tmp_path / "w.npz")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda state: state.pop("parts.0.bias"), "entry 'parts.0.bias' is missing"),
        (lambda state: state.update(more=np.ones(1)), "entry 'more' is no parameter"),
        (
            lambda state: state.update(scale=np.ones(3)),
            r"state\['scale'\]: expected shape \(2,\), given shape \(3,\)",
        ),
    ],
)
def test_what_does_not_fit_is_named(network, tmp_path, change, message):
    state = network.state_dict()
    state["parts.1.weight"] += 1
    change(state)
    np.savez(tmp_path / "w.npz", **state)
    before = network.state_dict()
    for load in (lambda: network.load_state_dict(state), lambda: network.load(tmp_path / "w.npz")):
        with pytest.raises(ValueError, match=message):
            load()
    for name, value in network.state_dict().items():
        np.testing.assert_array_equal(value, before[name])


def test_what_is_no_array_is_named(network):
    state = network.state_dict() | {"scale": ["a", "b"]}
    with pytest.raises(TypeError, match=r"state\['scale'\]: expected an array"):
        network.load_state_dict(state)


def test_pickles_are_refused(tmp_path):
    network = Sequential(Linear(1, 1, rng=np.random.default_rng(0)))
    np.savez(tmp_path / "w.npz", **{"layers.0.weight": np.array([[object()]]), "layers.0.bias": np.ones(1)})
    with pytest.raises(ValueError, match="path: expected a file of arrays"):
        network.load(tmp_path / "w.npz")


@pytest.mark.parametrize("keep", [0, 10, 200])
def test_a_damaged_file_is_named(network, tmp_path, keep):
    network.save(tmp_path / "w.npz")
    (tmp_path / "w.npz").write_bytes((tmp_path / "w.npz").read_bytes()[:keep])
    with pytest.raises(ValueError, match="path: expected a file of arrays"):
        network.load(tmp_path / "w.npz")


def test_no_file(network, tmp_path):
    with pytest.raises(FileNotFoundError):
        network.load(tmp_path / "none.npz")


def test_damage_anywhere_is_an_error_or_harmless(network, tmp_path):
    """Each byte changed in turn: a ValueError, or the same parameters (a date was hit)."""
    np.savez_compressed(tmp_path / "w.npz", **network.state_dict())
    content, before = (tmp_path / "w.npz").read_bytes(), network.state_dict()
    for i in range(0, len(content), 3):
        (tmp_path / "w.npz").write_bytes(content[:i] + bytes([content[i] ^ 0x81]) + content[i + 1 :])
        with contextlib.suppress(ValueError):
            network.load(tmp_path / "w.npz")
        for name, value in network.state_dict().items():
            np.testing.assert_array_equal(value, before[name])


def test_a_changed_byte_is_noticed(network, tmp_path):
    network.save(tmp_path / "w.npz")
    content = bytearray((tmp_path / "w.npz").read_bytes())
    with zipfile.ZipFile(tmp_path / "w.npz") as archive:
        content[archive.getinfo("parts.0.weight.npy").header_offset + 200] ^= 1
    (tmp_path / "w.npz").write_bytes(content)
    with pytest.raises(ValueError, match="path: expected a file of arrays"):
        network.load(tmp_path / "w.npz")


def test_variables_in_a_transform_are_parameters():
    class Shift(Module):
        def __init__(self):
            self.transform = wk.Translation(wk.Variable(np.zeros((1, 2))), frame="pixel")

        def __call__(self, image):
            return wk.warp(image, self.transform)

    network, image = Shift(), np.random.default_rng(0).standard_normal((1, 1, 4, 5))
    assert list(network.named_parameters()) == ["transform.translation"]
    optimizer = wk.nn.Adam(network, 0.1)
    network(image).sum().backward()
    optimizer.step()
    assert (network.transform.translation.data != 0).all()
