"""``docs/queries.md`` describes the views as they are."""

from __future__ import annotations

import re
from pathlib import Path

from pipeline.store.views import VIEWS

PAGE = Path(__file__).parents[2] / "docs" / "queries.md"


def test_page_lists_every_view_with_its_columns_in_order() -> None:
    sections = re.split(r"^### (v_\w+)$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)
    described = dict(zip(sections[1::2], sections[2::2], strict=True))
    assert list(described) == [view.name for view in VIEWS]
    for view in VIEWS:
        rows = re.findall(r"^\| `(\w+)` \| (.+) \|$", described[view.name], flags=re.MULTILINE)
        assert dict(rows) == dict(view.columns)
        assert [name for name, _ in rows] == list(view.columns)
