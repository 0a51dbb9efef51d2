"""What a pickle would import, read from its opcodes without executing any: the reason to give in a refusal.

This is no gate. `torch.load(weights_only=True)` decides; this only names what it stopped at.
"""

from __future__ import annotations

import pickletools
import re
import zipfile
import zlib
from pathlib import Path
from typing import IO

MAX_PICKLES = 8  # torch's older format writes several, one after the other
# What every torch checkpoint names: the rebuilding of tensors and the order of a dict.
ORDINARY = re.compile(
    r"torch\._utils\._rebuild_\w+|torch\._tensor\._rebuild_\w+|torch\.(?:storage\.)?\w*Storage"
    r"|torch\.\w+|torch\.nn\.parameter\.Parameter|collections\.OrderedDict"
)
# A pickle that names one of these does something when it is loaded, whatever else it holds.
ACTING = re.compile(
    r"(?:os|posix|nt|sys|subprocess|runpy|shutil|socket|pty|importlib|ctypes|commands|webbrowser|code|pickle)\..*"
    r"|(?:builtins|__builtin__)\.(?:eval|exec|compile|open|getattr|setattr|__import__|input|breakpoint)"
)


def unusual_globals(path: Path) -> list[str]:
    """`module.name` of every import in a torch file that is more than tensors, in order; acting ones first."""
    found: list[str] = []
    try:
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                for name in archive.namelist():
                    if name.split("/")[-1] == "data.pkl":
                        with archive.open(name) as member:
                            found += _globals(member)
        else:
            with path.open("rb") as stream:
                for _ in range(MAX_PICKLES):
                    found += _globals(stream)
    except (zipfile.BadZipFile, zlib.error, OSError, ValueError, NotImplementedError, RuntimeError):
        pass  # a damaged archive; the refusal then speaks of damage
    unusual = [name for name in dict.fromkeys(found) if not ORDINARY.fullmatch(name)]
    return sorted(unusual, key=lambda name: not ACTING.fullmatch(name))


def _globals(stream: IO[bytes]) -> list[str]:
    """The imports of one pickle; those before the damage, if it is damaged."""
    found: list[str] = []
    strings: list[str] = []
    memo: dict[object, str] = {}
    memoized = 0
    latest: str | None = None
    try:
        for opcode, argument, _ in pickletools.genops(stream):
            if opcode.name == "MEMOIZE":
                if latest is not None:
                    memo[memoized] = latest
                memoized += 1
            elif opcode.name in ("BINPUT", "LONG_BINPUT", "PUT"):
                if latest is not None:
                    memo[argument] = latest
            else:
                latest = memo.get(argument) if opcode.name in ("BINGET", "LONG_BINGET", "GET") else None
                if opcode.name in ("GLOBAL", "INST"):
                    found.append(str(argument).replace(" ", "."))
                elif opcode.name == "STACK_GLOBAL":
                    found.append(".".join(strings[-2:]))
                elif isinstance(argument, str):
                    latest = argument
                if latest is not None:
                    strings.append(latest)
    except Exception:
        # pickletools raises many kinds on damage, and what it found before stands.
        return found
    return found
