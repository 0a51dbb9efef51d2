"""The architectures a submission may name: ours by name, torchvision's and timm's by prefix."""

from benchmark.models.architectures.registry import build, names

__all__ = ["build", "names"]
