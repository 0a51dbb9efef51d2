from __future__ import annotations

from pathlib import Path

import pytest

from leaderboard.card import card

HARMFUL = """# Title

<script>alert(1)</script> and <b onclick="x">inline</b>

[bad](javascript:alert(1)) [data](data:text/html,x) [relative](../x.md) [good](https://example.org/?a=1&b=2)

![picture](https://example.org/track.png) <https://example.org/auto>

| a | b |
|---|---:|
| 1 | `<i>` |
"""


@pytest.fixture
def rendered(tmp_path: Path) -> str:
    path = tmp_path / "README.md"
    path.write_text(HARMFUL, encoding="utf-8")
    return str(card(path))


def test_html_is_text(rendered: str) -> None:
    assert "<script" not in rendered
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in rendered
    assert "<b onclick" not in rendered
    assert "<code>&lt;i&gt;</code>" in rendered


def test_only_web_links_stay(rendered: str) -> None:
    assert rendered.count("<a ") == 2
    assert 'href="https://example.org/?a=1&amp;b=2"' in rendered
    assert 'rel="noopener noreferrer"' in rendered
    assert "relative" in rendered
    assert 'href="../x.md"' not in rendered
    assert 'href="javascript' not in rendered


def test_no_requests_and_no_style_attributes(rendered: str) -> None:
    assert "<img" not in rendered
    assert "track.png" not in rendered
    assert "picture" in rendered
    assert "style=" not in rendered
    assert '<td class="number">' in rendered


def test_headings_fit_under_the_page(rendered: str) -> None:
    assert "<h3>Title</h3>" in rendered


def test_no_card(tmp_path: Path) -> None:
    assert card(tmp_path / "README.md") == ""
