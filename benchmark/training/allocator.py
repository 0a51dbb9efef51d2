"""How the C library keeps memory: a training allocates the same large arrays at every step."""

from __future__ import annotations

import ctypes

M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_THRESHOLD = -1, -2, -3
"""Names of the settings in glibc's <malloc.h>."""
LARGEST_MMAP_THRESHOLD = 4 * 1024 * 1024 * 8
"""glibc takes no larger one where a long has 8 bytes (mallopt(3))."""
KEPT_BYTES = 2**28


def keep_freed_memory() -> bool:
    """Let this process keep up to KEPT_BYTES of freed memory; False where the C library has no such setting.

    By default glibc gives large arrays back to the system at once, which clears every page again at the next step:
    a tenth of the time of a ConvNet's training. The contents of arrays, and with them all results, stay the same.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl, macOS, Windows
        return False
    settings = {
        M_MMAP_THRESHOLD: LARGEST_MMAP_THRESHOLD, M_TRIM_THRESHOLD: KEPT_BYTES, M_TOP_PAD: KEPT_BYTES // 4,
    }  # fmt: skip
    return all(mallopt(name, value) == 1 for name, value in settings.items())
