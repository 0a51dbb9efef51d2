"""A Chromium that may reach nothing but the built site, and the sites its tests use."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "leaderboard"))  # its synthetic records

from synthetic_site import SyntheticSite

from benchmark.paths import cache_dir

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

AXE = "axe-core-4.10.3.tgz"
AXE_SHA256 = "0f2b4d7dcdf7d1219df8d1959ad68e565f51d14c3f0d88bb71cd59abeb956292"
"""Of the package as the npm registry serves it."""

DESKTOP, PHONE = (1280, 900), (390, 844)
ALLOWED = ("file://", "data:", "blob:")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The Chromium of this machine, headless."""
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("needs Chromium on the PATH, for instance apt-get install chromium")
    playwright = pytest.importorskip("playwright.sync_api", reason="needs the extra 'browser' (pip install playwright)")
    with playwright.sync_playwright() as running:
        launched = running.chromium.launch(executable_path=program)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> SyntheticSite:
    """A site of synthetic records of three families, hostile titles among them."""
    return SyntheticSite(tmp_path_factory.mktemp("board"))


Opener = Callable[..., "Page"]


@pytest.fixture
def open_page(browser: Browser, site: SyntheticSite) -> Iterator[Opener]:
    """Opens a page of the site; the test fails for any console error or request beyond the site's files.

    Arguments: the path, with a query or fragment if need be; `size`, `theme`, `script` (whether JavaScript runs),
    `root` for another site than the synthetic one, and whatever else a context takes.
    """
    contexts: list[BrowserContext] = []
    troubles: list[str] = []

    def open_one(
        path: str,
        *,
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        script: bool = True,
        root: Path | None = None,
        **more: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": size[0], "height": size[1]},
            color_scheme=theme,
            java_script_enabled=script,
            offline=True,
            **more,
        )
        contexts.append(context)
        context.set_default_timeout(30_000)
        page = context.new_page()
        page.on("console", lambda message: troubles.append(f"{path}: {message.type}: {message.text}"))
        page.on("pageerror", lambda error: troubles.append(f"{path}: {error}"))
        page.on("request", lambda request: None if request.url.startswith(ALLOWED) else troubles.append(request.url))
        page.goto(f"{(root or site.folder).as_uri()}/{path}")
        return page

    yield open_one
    for context in contexts:
        context.close()
    assert not troubles


@pytest.fixture(scope="session")
def axe_source() -> str:
    """The script of axe-core, from the cache or by `npm pack`; the test is skipped where neither works."""
    folder = cache_dir() / "npm"
    package = folder / AXE
    if not package.is_file():
        if shutil.which("npm") is None:
            pytest.skip("needs npm, which gets axe-core")
        folder.mkdir(parents=True, exist_ok=True)
        name, _, version = AXE.removesuffix(".tgz").rpartition("-")
        command = ["npm", "pack", f"{name}@{version}", "--pack-destination", str(folder)]
        got = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        if got.returncode:
            pytest.skip(f"npm could not get axe-core: {got.stderr.strip().splitlines()[-1:]}")
    digest = hashlib.sha256(package.read_bytes()).hexdigest()
    assert digest == AXE_SHA256, f"{package} has the sha256 {digest}; delete it if it is incomplete"
    with tarfile.open(package) as archive:
        member = archive.extractfile("package/axe.min.js")
        assert member is not None
        return member.read().decode()
