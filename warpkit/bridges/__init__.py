"""Bridges: every op as a native function of another framework.

``warpkit.bridges.torch`` and ``warpkit.bridges.jax`` are imported on their own; each needs its framework.
"""
