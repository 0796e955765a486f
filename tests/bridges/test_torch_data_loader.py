"""Warps in the workers of a torch DataLoader, which are forked after the parent has used its threads."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import warpkit

torch = pytest.importorskip("torch")

LONGEST = 300  # seconds; what takes longer hangs

SCRIPT = """
import numpy as np
import torch
import warpkit as wk
from warpkit.bridges.torch import grid_sample

class Warped(torch.utils.data.Dataset):
    def __len__(self):
        return 6

    def __getitem__(self, number):
        wk.set_num_threads(3)
        image = torch.from_numpy(np.random.default_rng(number).random((1, 2, 50, 40)))
        grid = torch.from_numpy(wk.identity_grid((200, 150)) ** 3).requires_grad_()
        out = grid_sample(image, grid)
        out.square().sum().backward()
        return out.detach(), grid.grad

if __name__ == "__main__":
    torch.set_num_threads(2)
    expected = [Warped()[number] for number in range(6)]
    torch.randn(300, 300) @ torch.randn(300, 300)
    loader = torch.utils.data.DataLoader(Warped(), None, num_workers=2, persistent_workers=True)
    for _ in range(2):
        for given, wanted in zip(loader, expected, strict=True):
            assert all(map(torch.equal, given, wanted))
    print("same bits")
"""


def test_data_loader(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(SCRIPT)
    package = str(Path(next(iter(warpkit.__path__))).parent)
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-P", str(script)]
    environ = os.environ | {"PYTHONPATH": path}
    done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False, timeout=LONGEST)
    assert done.returncode == 0, done.stderr
    assert done.stdout == "same bits\n"
