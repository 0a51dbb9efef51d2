"""Untrusted weights become a callable from images in [0, 1] to logits."""

from benchmark.models.conversion import convert
from benchmark.models.cost import flops_per_image
from benchmark.models.loading import LoadedModel, load_checkpoint
from benchmark.models.normalized import Normalized

__all__ = ["LoadedModel", "Normalized", "convert", "flops_per_image", "load_checkpoint"]
