"""Which modules' doctests can be collected: the bridges need their framework."""

import importlib.util

collect_ignore = [
    f"warpkit/bridges/{framework}.py"
    for framework in ("jax", "torch")
    if importlib.util.find_spec(framework) is None
]
