"""A user's own CSV: what a mapping can say, and where each mistake is."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from simulators.mapping import MappingError, parse_mapping
from simulators.own_csv import OwnCsv, read_own_csv

_MAPPING = """\
name: acme
delimiter: ";"
fields:
  created_at: {column: Booked, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}
  amount: {column: Amount, decimal: ",", thousands: "."}
  debtor_account: {column: From}
  creditor_account: {column: To}
  debtor_country: {value: DE}
truth:
  debtor_risky: {column: Fraud, risky: ["1"], clear: ["0"]}
"""
_CSV = """\
From;To;Amount;Booked;Fraud
a;b;1.250,75;05.01.2026 14:30;0
b;c;3,5;06.07.2026 14:30;1
"c;1";a;7;06.07.2026 14:31;?
"""


def _read(tmp_path: Path, mapping: str = _MAPPING, table: str = _CSV) -> OwnCsv:
    path = tmp_path / "own.csv"
    path.write_text(table, "utf-8")
    return read_own_csv(path, parse_mapping(mapping))


def test_cells_are_read_as_the_mapping_says(tmp_path: Path) -> None:
    own = _read(tmp_path)
    rows = own.data.rows
    assert (own.problems, own.bad_rows) == ([], 0)
    assert rows["cents"].to_list() == [125_075, 350, 700]
    assert rows["debtor_account"].to_list() == ["acme-a", "acme-b", "acme-c;1"]
    assert rows["debtor_country"].to_list() == ["DE"] * 3
    assert rows["debtor_risky"].to_list() == [False, True, None]
    winter = datetime(2026, 1, 5, 13, 30, tzinfo=UTC)
    summer = datetime(2026, 7, 6, 12, 30, tzinfo=UTC)
    assert rows["event_ms"].to_list()[:2] == [
        int(winter.timestamp() * 1000),
        int(summer.timestamp() * 1000),
    ]


@pytest.mark.parametrize("start", ["2026-01-05", "2026-01-05T00:00:00Z", "2026-01-05 00:00:00"])
def test_times_may_be_counted_from_a_start(start: str, tmp_path: Path) -> None:
    mapping = _MAPPING.replace(
        '{column: Booked, format: "%d.%m.%Y %H:%M", zone: Europe/Berlin}',
        f"{{column: Booked, unit: hours, start: {start}}}",
    )
    own = _read(tmp_path, mapping, "From;To;Amount;Booked;Fraud\na;b;1;1.5;0\n")
    expected = datetime(2026, 1, 5, 1, 30, tzinfo=UTC).timestamp() * 1000
    assert own.data.rows["event_ms"].to_list() == [expected]


def test_every_bad_cell_is_reported_with_line_and_column(tmp_path: Path) -> None:
    table = (
        'From;To;Amount;Booked;Fraud\n"a\nx";b;1,5;05.01.2026 14:30;0\n'
        "a;b;-3;05.01.2026 14:30;0\n"
        "a;b;1,505;5 January;0\n"
        "\n"
        "a;;1;05.01.2026 14:30;0\n"
        "a;b;1\n"
    )
    own = _read(tmp_path, table=table)
    found = [(p.line, p.column, p.field) for p in own.problems]
    assert found == [
        (4, 3, "Amount"),
        (5, 4, "Booked"),
        (5, 3, "Amount"),
        (7, 2, "creditor_account"),
        (8, 4, ""),
    ]
    assert (own.bad_rows, own.data.rows.height) == (4, 1)
    assert "without sign" in own.problems[0].words


@pytest.mark.parametrize(
    ("field", "cell", "words"),
    [
        ("debtor_agent", "021000022", "routing number"),
        ("debtor_country", "Germany", "two capital letters"),
        ("currency", "EUR", "US dollars"),
        ("currency", "", "empty"),
        ("message_type", "pain.001", "pacs.008 or pacs.009"),
        ("local_instrument", "ABCD", "CTRC"),
        ("local_instrument", "BTRC", "does not go with pacs.008"),
        ("purpose", "salary", "four capital letters"),
        ("uetr", "1", "version 4 UUID"),
        ("debtor_name", "x" * 141, "longer than 140"),
        ("end_to_end_id", "x" * 36, "longer than 35"),
    ],
)
def test_a_code_that_does_not_exist_is_reported(
    field: str, cell: str, words: str, tmp_path: Path
) -> None:
    mapping = _MAPPING.replace("debtor_country: {value: DE}", f"{field}: {{column: Extra}}")
    table = f"From;To;Amount;Booked;Fraud;Extra\na;b;1;05.01.2026 14:30;0;{cell}\n"
    own = _read(tmp_path, mapping, table)
    assert [(p.line, p.column) for p in own.problems] == [(2, 6)]
    assert words in own.problems[0].words


def test_a_bank_transfer_may_lack_accounts(tmp_path: Path) -> None:
    mapping = """\
name: acme
fields:
  created_at: {column: at}
  amount: {column: amount}
  message_type: {value: pacs.009}
  debtor_account: {column: from}
  creditor_account: {column: to}
  debtor_agent: {column: from_bank}
  creditor_agent: {column: to_bank}
  debtor_name: {column: from_name}
  creditor_name: {column: to_name}
"""
    table = (
        "at,amount,from,to,from_bank,to_bank,from_name,to_name\n"
        "2026-01-05T14:30:00Z,5.00,,,021000021,121000358,East,West\n"
        "2026-01-05T14:30:00Z,5.00,,,021000021,121000358,,West\n"
    )
    own = _read(tmp_path, mapping, table)
    assert own.data.rows.height == 1
    assert [(p.line, p.column) for p in own.problems] == [(3, 3)]


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "words"),
    [
        ("name: acme", "nmae: acme", 1, 1, "no such key"),
        ("name: acme", "name: a b", 1, 1, "pattern"),
        ('";"', '"#"', 2, 1, "Input should be"),
        ("  amount:", "  amuont:", 5, 3, "no such key"),
        ("  amount:", "  amuont:", 3, 1, "missing"),
        ("{column: From}", "From", 6, 3, "keys and values"),
        ("{column: From}", "{}", 6, 3, "either column or value"),
        ("{column: From}", "{column: 7}", 6, 20, "quotation marks"),
        ("Europe/Berlin", "Europe/Bern", 4, 58, "time zone"),
        ('thousands: "."', 'thousands: ","', 5, 3, "different marks"),
        ('clear: ["0"]', 'clear: ["1"]', 10, 3, "both risky and clear"),
        ("zone: Europe/Berlin", "unit: days", 4, 3, "belong together"),
        ("  amount: {", "  amount: [", 5, 56, "no valid YAML"),
    ],
)
def test_mistakes_of_the_mapping_have_their_place(
    old: str, new: str, line: int, column: int, words: str
) -> None:
    with pytest.raises(MappingError) as caught:
        parse_mapping(_MAPPING.replace(old, new, 1))
    found = [(p.line, p.column) for p in caught.value.problems if words in p.words]
    assert (line, column) in found, str(caught.value)


def test_a_column_that_the_file_lacks_is_placed_in_the_mapping(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        _read(tmp_path, _MAPPING.replace("column: Amount", "column: Amuont"))
    problem = caught.value.problems[0]
    assert (problem.line, problem.column) == (5, 12)
    assert "is it 'Amount'?" in problem.words


def test_a_constant_is_checked_like_a_cell(tmp_path: Path) -> None:
    with pytest.raises(MappingError) as caught:
        _read(tmp_path, _MAPPING.replace("value: DE", "value: Germany"))
    assert caught.value.problems[0].line == 8


def test_a_broken_quotation_ends_the_file_with_its_line(tmp_path: Path) -> None:
    own = _read(tmp_path, table=_CSV + '"a;b;1;05.01.2026 14:30;0\n')
    assert [(p.line, p.column) for p in own.problems] == [(5, 1)]
    assert own.data.rows.height == 3


@given(st.text(max_size=80))
@settings(max_examples=150, deadline=None)
def test_any_text_is_a_mapping_or_a_mapping_error(text: str) -> None:
    for whole in (text, _MAPPING + text, _MAPPING.replace("acme", text)):
        try:
            parse_mapping(whole)
        except MappingError as error:
            problems = error.problems
        else:
            continue
        assert problems
        assert all(p.line >= 1 and p.column >= 1 for p in problems)


@given(st.lists(st.lists(st.text(max_size=6), max_size=6), max_size=5))
@settings(max_examples=100, deadline=None)
def test_any_table_is_read_or_reported(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]]
) -> None:
    text = "\n".join(";".join(row) for row in table)
    header = "From;To;Amount;Booked;Fraud\n"
    folder = tmp_path_factory.getbasetemp()
    (folder / "any.csv").write_text(header + text, "utf-8", errors="surrogatepass")
    own = read_own_csv(folder / "any.csv", parse_mapping(_MAPPING))
    assert own.data.rows.height + own.bad_rows <= len(text) + 1
