"""The experiments of the spatial transformer paper, each a command: `python -m benchmarks.stn`.

M. Jaderberg, K. Simonyan, A. Zisserman, K. Kavukcuoglu, "Spatial transformer networks", NIPS 2015.
"""
