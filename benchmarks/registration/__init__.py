"""Registration held against others, on real images with known answers.

python -m benchmarks.registration --help
"""
