"""Ops as native functions of torch, to any order and in every mode."""

import importlib
import pkgutil

import numpy as np
import pytest

import warpkit
from warpkit._core import ArraySpec, Op, all_ops

torch = pytest.importorskip("torch")
bridge = pytest.importorskip("warpkit.bridges.torch")

for room in pkgutil.iter_modules(warpkit.__path__):
    if room.name not in ("__main__", "bridges", "cli"):
        importlib.import_module(f"warpkit.{room.name}")

OPS = [op for op in all_ops() if op.__module__.startswith("warpkit.")]

OPS_BY_NAME = {op.name: op for op in OPS}

# torch's gradcheck compiles a helper of its own when it first runs.
pytestmark = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated:DeprecationWarning")


def smooth_samples(op):
    return [sample for sample in op.draw_samples(np.random.default_rng(5)) if sample.smooth]


def on_tensors(op, sample):
    """A function of the floating arguments alone, and these as tensors."""
    tensors = [torch.from_numpy(np.array(x)) for x in sample.arrays]
    positions = [i for i, x in enumerate(tensors) if x.is_floating_point()]

    def function(*given):
        arguments = list(tensors)
        for i, x in zip(positions, given, strict=True):
            arguments[i] = x
        return bridge.wrap(op)(*arguments, **sample.static)

    return function, [tensors[i] for i in positions]


def image_and_grid(n=2):
    rng = np.random.default_rng(0)
    image = torch.from_numpy(rng.standard_normal((n, 2, 4, 5)))
    grid = torch.from_numpy(rng.uniform(-1, 1, (n, 3, 3, 2)))
    return image, grid


def check_gradients(op, sample, fast):
    """Reverse and forward mode, and each over each, against torch's central differences."""
    function, tensors = on_tensors(op, sample)
    inputs = [x.requires_grad_() for x in tensors]
    if inputs and function(*inputs).is_floating_point():
        assert torch.autograd.gradcheck(function, inputs, check_forward_ad=True, fast_mode=fast)
        assert torch.autograd.gradgradcheck(function, inputs, check_fwd_over_rev=True, fast_mode=fast)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_gradcheck(op):
    check_gradients(op, smooth_samples(op)[0], fast=True)


@pytest.mark.parametrize("name", ["grid_sample", "affine_grid"])
def test_gradcheck_element_by_element(name):
    for sample in smooth_samples(OPS_BY_NAME[name])[:3]:
        check_gradients(OPS_BY_NAME[name], sample, fast=False)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_modes_agree(op):
    """torch.func's reverse and forward mode are adjoint."""
    function, tensors = on_tensors(op, smooth_samples(op)[0])
    if not tensors or not function(*tensors).is_floating_point():
        return
    rng = np.random.default_rng(6)
    tangents = [torch.from_numpy(np.array(rng.standard_normal(x.shape))) for x in tensors]
    out, tan_out = torch.func.jvp(function, tuple(tensors), tuple(tangents))
    ct_out = torch.cos(out)
    cts = torch.func.vjp(function, *tensors)[1](ct_out)
    reverse = sum((ct * tangent).sum() for ct, tangent in zip(cts, tangents, strict=True))
    torch.testing.assert_close((ct_out * tan_out).sum(), reverse, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.name)
def test_vmap(op):
    """vmap of an op is a loop over it."""
    function, tensors = on_tensors(op, smooth_samples(op)[0])
    if tensors:
        batches = [torch.stack([x, 0.5 * x]) for x in tensors]
        mapped = torch.func.vmap(function)(*batches)
        looped = torch.stack([function(*[batch[i] for batch in batches]) for i in range(2)])
        torch.testing.assert_close(mapped, looped, rtol=1e-11, atol=1e-11)


@pytest.mark.parametrize("name", ["grid_sample", "affine_grid"])
def test_compositions_of_func(name):
    op = OPS_BY_NAME[name]
    function, tensors = on_tensors(op, smooth_samples(op)[1])

    def loss(*given):
        return (function(*given) ** 3).sum()

    which = tuple(range(len(tensors)))
    hessian = torch.func.hessian(loss, which)(*tensors)
    for outer, inner in [("jacrev", "jacrev"), ("jacfwd", "jacfwd"), ("jacrev", "jacfwd")]:
        other = getattr(torch.func, outer)(getattr(torch.func, inner)(loss, which), which)(*tensors)
        torch.testing.assert_close(other, hessian, rtol=1e-10, atol=1e-10)
    batches = [torch.stack([x, 0.9 * x, 1.1 * x]) for x in tensors]
    per_example = torch.func.vmap(torch.func.grad(loss))(*batches)
    torch.testing.assert_close(per_example[0], torch.func.grad(loss)(*tensors))


def test_third_order():
    image, grid = image_and_grid()

    def loss(image, grid):
        return (bridge.grid_sample(image, grid) ** 3).sum()

    grid.requires_grad_()
    value = loss(image, grid)
    for _ in range(3):
        (slope,) = torch.autograd.grad(value, grid, create_graph=True)
        value = slope.sum()
    assert torch.isfinite(value)
    assert value != 0


def test_same_values_as_the_op():
    image, grid = image_and_grid()
    expected = OPS_BY_NAME["grid_sample"](image.numpy(), grid.numpy(), boundary="border")
    np.testing.assert_array_equal(bridge.grid_sample(image, grid, boundary="border").numpy(), expected)


def test_only_what_is_needed_is_computed():
    asked = []

    def body(a, b):
        return a * b

    probe = Op("probe", body, ("a", "b"), {})
    probe.spec(lambda a, b: a)

    @probe.vjp.rule
    def vjp(ct_out, a, b, *, needs):
        asked.append(needs)
        return ct_out * b if needs[0] else None, ct_out * a if needs[1] else None

    a, b = torch.ones(3), torch.full((3,), 2.0, requires_grad=True)
    bridge.wrap(probe)(a, b).sum().backward()
    assert asked == [(False, True)]
    assert a.grad is None
    assert b.grad.tolist() == [1, 1, 1]


def several_outputs():
    """The integer and the fractional part of a product: two outputs, one without a derivative."""

    def body(a, b):
        whole = np.floor(a * b)
        return whole.astype(np.int64), a * b - whole

    op = Op("modf_product", body, ("a", "b"), {}, multiple=True)
    op.spec(lambda a, b: (a.with_dtype(np.int64), a))

    @op.vjp.rule
    def vjp(cts, a, b, *, needs):
        return cts[1] * b if needs[0] else None, cts[1] * a if needs[1] else None

    @op.jvp.rule
    def jvp(tangents, a, b):
        terms = [t * x for t, x in zip(tangents, (b, a), strict=True) if t is not None]
        return None, terms[0] if len(terms) == 1 else terms[0] + terms[1]

    return op


def test_several_outputs_of_which_one_is_an_integer():
    function = bridge.wrap(several_outputs())
    a = torch.tensor([0.3, 1.6], dtype=torch.float64, requires_grad=True)
    b = torch.tensor([2.1, 1.2], dtype=torch.float64, requires_grad=True)
    whole, _ = function(a, b)
    assert whole.tolist() == [0, 1]
    assert not whole.requires_grad
    assert torch.autograd.gradcheck(lambda a, b: function(a, b)[1], (a, b), check_forward_ad=True)


def test_vmap_folds_into_the_batch():
    """The mapped axis becomes a part of the batch: one application, also where an argument is not mapped."""
    calls = []
    op = OPS_BY_NAME["grid_sample"]

    def spy(*arrays, **static):
        calls.append([x.shape for x in arrays])
        return NotImplemented

    op.kernels.insert(0, spy)
    try:
        image, grid = image_and_grid()
        images = torch.stack([image, 2 * image, 3 * image], dim=1)
        mapped = torch.func.vmap(bridge.grid_sample, in_dims=(1, None))(images, grid)
    finally:
        op.kernels.remove(spy)
    assert calls == [[(6, 2, 4, 5), (6, 3, 3, 2)]]
    torch.testing.assert_close(mapped[2], bridge.grid_sample(3 * image, grid))


def test_vmap_loops_where_it_cannot_fold():
    image, grid = image_and_grid()
    grids = torch.stack([grid[:1], grid[1:]])  # one grid for two images: their batch lengths differ
    mapped = torch.func.vmap(bridge.grid_sample, in_dims=(None, 0))(image, grids)
    torch.testing.assert_close(mapped[1], bridge.grid_sample(image, grid[1:]))


def test_strided_and_expanded_tensors():
    image, grid = image_and_grid()
    expected = bridge.grid_sample(image, grid)
    turned = image.permute(3, 2, 1, 0).contiguous().permute(3, 2, 1, 0)
    assert torch.equal(bridge.grid_sample(turned, grid), expected)
    wide = grid[:1].expand(2, -1, -1, -1)
    assert torch.equal(bridge.grid_sample(image, wide), bridge.grid_sample(image, wide.clone()))


@pytest.mark.parametrize("name", ["reshape", "transpose", "broadcast_to", "astype", "getitem"])
def test_no_output_shares_memory_with_an_argument(name):
    """Autograd would not notice a change in place that goes through to another tensor."""
    op = OPS_BY_NAME[name]
    sample = smooth_samples(op)[0]
    x = torch.from_numpy(np.array(sample.arrays[0]))
    before = x.clone()
    bridge.wrap(op)(x, **sample.static).zero_()
    assert torch.equal(x, before)


def test_gradients_do_not_share_memory():
    a, b = (torch.ones(3, requires_grad=True) for _ in range(2))
    bridge.add(a, b).sum().backward()
    a.grad.zero_()
    assert b.grad.tolist() == [1, 1, 1]


def test_float32_stays_float32():
    image, grid = image_and_grid()
    image = image.float().requires_grad_()
    out = bridge.grid_sample(image, grid)
    out.sum().backward()
    assert out.dtype == image.grad.dtype == torch.float32


def test_numbers_and_keywords():
    x = torch.tensor([1.0, 2.0])
    assert bridge.add(x, 1).tolist() == [2, 3]
    assert bridge.multiply(b=x, a=2.0).dtype == torch.float32


def test_errors():
    x = torch.ones(2, 2)
    with pytest.raises(TypeError, match=r"b: expected a torch\.Tensor, given numpy\.ndarray"):
        bridge.matmul(x, np.ones((2, 2)))
    with pytest.raises(TypeError, match=r"a: expected a dtype that NumPy has, given torch\.bfloat16"):
        bridge.matmul(x.bfloat16(), x)
    with pytest.raises(TypeError, match=r"a: expected real numbers.*, given dtype complex64"):
        bridge.matmul(x.to(torch.complex64), x)
    with pytest.raises(TypeError, match="a: expected a tensor on the CPU, given one on meta"):
        bridge.matmul(x.to("meta"), x)
    with pytest.raises(TypeError, match="a: expected a dense tensor"):
        bridge.matmul(x.to_sparse(), x)
    with pytest.raises(ValueError, match="b: expected 2 rows"):
        bridge.matmul(x, torch.ones(3, 2))
    with pytest.raises(TypeError, match="argument 'b' is missing"):
        bridge.matmul(x)
    with pytest.raises(TypeError, match="exponent: expected a static value, given a tensor"):
        bridge.power(x, torch.tensor(2.0))
    with pytest.raises(AttributeError, match="no op named 'does_not_exist'"):
        bridge.does_not_exist  # noqa: B018


def test_derived_ops_can_be_wrapped():
    op = OPS_BY_NAME["matmul"].vjp.of((True, False), 1)
    assert op.output_specs([ArraySpec((2, 2), np.dtype("f8"))] * 3, {})[0].shape == (2, 2)
    a = torch.eye(2, dtype=torch.float64)
    (ct,) = bridge.wrap(op)(a, a, 3 * a)
    assert torch.equal(ct, 3 * a)


def test_dir_lists_the_ops():
    assert "grid_sample" in dir(bridge)


def test_arrays_that_may_be_left_out():
    rng = np.random.default_rng(0)
    fixed, moving = (torch.from_numpy(rng.standard_normal((1, 1, 5))) for _ in range(2))
    moving.requires_grad_()
    expected = bridge.ssd(fixed, moving)
    assert bridge.ssd(fixed, moving, None) == bridge.ssd(fixed, moving, weights=None) == expected
    expected.sum().backward()
    torch.testing.assert_close(moving.grad, 2 * (moving.detach() - fixed) / 5)
    weights = torch.ones(1, 5, dtype=torch.float64)
    torch.testing.assert_close(bridge.ssd(fixed, moving, weights=weights), expected)
