# Sourced by ./scripts/quickstart and ./scripts/test: makes .venv with what they need, once per state of pyproject.toml.
# METTLE_VENV names another folder; METTLE_TORCH_INDEX another index for torch, for instance the CPU-only one.

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
VENV="${METTLE_VENV:-$ROOT/.venv}"

setup_environment() { # arguments: the extras to install, for instance "dev"
    local extras="$1" stamp python
    stamp="$VENV/.mettle-$(printf '%s' "$extras" | tr ',' '-')"
    if [ -f "$stamp" ] && cmp -s "$stamp" "$ROOT/pyproject.toml"; then
        return
    fi
    python="${PYTHON:-python3}"
    if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
        echo "error: Python 3.11 or newer is needed, but '$python' is $("$python" --version 2>&1 || echo missing). Set PYTHON=/path/to/python3.11." >&2
        exit 2
    fi
    [ -x "$VENV/bin/python" ] || "$python" -m venv "$VENV"
    echo "Installing into $VENV (PyTorch's CUDA build takes 5.5 GB; the README tells how to get the small CPU build) ..."
    if [ -n "${METTLE_TORCH_INDEX:-}" ]; then
        "$VENV/bin/pip" install --quiet --index-url "$METTLE_TORCH_INDEX" torch torchvision
    fi
    "$VENV/bin/pip" install --quiet --disable-pip-version-check --editable "$ROOT${extras:+[$extras]}"
    cp "$ROOT/pyproject.toml" "$stamp"
}
