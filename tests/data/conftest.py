import pytest
from tiny_dataset import Tiny, make_tiny


@pytest.fixture(autouse=True)
def own_cache(tmp_path, monkeypatch):
    """No test sees the caches and mirrors of the person who runs it."""
    monkeypatch.setenv("METTLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("METTLE_MIRROR", raising=False)
    return tmp_path / "cache"


@pytest.fixture
def tiny(tmp_path) -> Tiny:
    return make_tiny(tmp_path / "manifests")
