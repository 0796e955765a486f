"""Aligning two images."""
