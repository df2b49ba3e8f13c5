"""Tuning with keras-tuner underneath: right scales, and many trials trained together."""

from kerasrecipes.tuning.vectorized_search import VectorizedSearch

__all__ = ["VectorizedSearch"]
