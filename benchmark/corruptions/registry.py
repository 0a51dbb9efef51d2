"""All corruptions by name, in the canonical order of the benchmark."""

from __future__ import annotations

from difflib import get_close_matches

from benchmark.corruptions.blur import BLURS
from benchmark.corruptions.colour import COLOUR
from benchmark.corruptions.corruption import Corruption
from benchmark.corruptions.digital import DIGITAL
from benchmark.corruptions.geometric import GEOMETRIC
from benchmark.corruptions.held_out_light import HELD_OUT_LIGHT
from benchmark.corruptions.held_out_warps import HELD_OUT_WARPS
from benchmark.corruptions.noise import NOISES
from benchmark.corruptions.weather import WEATHER
from benchmark.errors import MettleError

STANDARD_15 = (
    "gaussian_noise",
    "shot_noise",
    "impulse_noise",
    "defocus_blur",
    "glass_blur",
    "motion_blur",
    "zoom_blur",
    "snow",
    "frost",
    "fog",
    "brightness",
    "contrast",
    "elastic_transform",
    "pixelate",
    "jpeg_compression",
)
EXTRA_4 = ("speckle_noise", "gaussian_blur", "spatter", "saturate")
HELD_OUT_10 = (
    "blue_noise",
    "plasma_noise",
    "checkerboard_cutout",
    "sparkles",
    "ripple",
    "pinch_and_twirl",
    "single_frequency_wave",
    "chromatic_shift",
    "lines",
    "quantization",
)
_DEFINED = {
    corruption.name: corruption
    for corruption in (
        *NOISES,
        *BLURS,
        *WEATHER,
        *COLOUR,
        *GEOMETRIC,
        *DIGITAL,
        *HELD_OUT_LIGHT,
        *HELD_OUT_WARPS,
    )
}
CORRUPTIONS = {name: _DEFINED[name] for name in (*STANDARD_15, *EXTRA_4, *HELD_OUT_10)}


def named(name: str) -> Corruption:
    """The corruption of this name; raises MettleError with the nearest names where there is none."""
    if name in CORRUPTIONS:
        return CORRUPTIONS[name]
    near = ", ".join(get_close_matches(name, CORRUPTIONS, n=3)) or ", ".join(CORRUPTIONS)
    raise MettleError("corruption", "must be one that is registered", repr(name), f"Nearest: {near}.")
