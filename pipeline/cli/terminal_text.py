"""Text from outside on a terminal: no markup, no control characters."""

from __future__ import annotations

from rich.text import Text

_CONTROLS = {code: "\ufffd" for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if code != 0x0A}


def harmless(text: str, style: str = "") -> Text:
    """Show a text as it is, an escape sequence in it as a mark."""
    return Text(text.translate(_CONTROLS), style)
