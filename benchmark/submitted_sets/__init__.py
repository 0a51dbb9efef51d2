"""Files of submitted data sets: hostile until every header, shape and value was checked."""

from benchmark.submitted_sets.curated import CuratedSet, read_curated
from benchmark.submitted_sets.distilled import DistilledSet, read_distilled
from benchmark.submitted_sets.quantization import Quantized, dequantize, quantize
from benchmark.submitted_sets.writing import write_choice, write_distilled, write_own_images, write_suspicion

__all__ = [
    "CuratedSet", "DistilledSet", "Quantized", "dequantize", "quantize", "read_curated", "read_distilled",
    "write_choice", "write_distilled", "write_own_images", "write_suspicion",
]  # fmt: skip
