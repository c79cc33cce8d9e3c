"""Pseudonyms keep parties apart and the key inside."""

from __future__ import annotations

import pickle
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ColdwireError
from pipeline.intake.pseudonyms import Pseudonyms, bank_entity
from tests.iso20022.payments import EAST, WEST

_KEY = b"0123456789abcdef"


@given(st.text(min_size=1, max_size=34), st.sampled_from([EAST, WEST]))
def test_a_pseudonym_is_an_entity_id_and_depends_on_nothing_else(account: str, agent: str) -> None:
    party = Pseudonyms(_KEY).party(account, agent)
    assert party == Pseudonyms(_KEY).party(account, agent)
    assert party.startswith("party:")
    assert len(party) == len("party:") + 32


def test_key_account_and_bank_each_make_a_difference() -> None:
    names = Pseudonyms(_KEY)
    parties = {
        names.party("1", EAST),
        names.party("2", EAST),
        names.party("1", WEST),
        Pseudonyms(_KEY[::-1]).party("1", EAST),
    }
    assert len(parties) == 4


def test_an_iban_in_groups_is_the_same_account() -> None:
    names = Pseudonyms(_KEY)
    grouped = names.party("gb82 WEST 1234 5698 7654 32", EAST)
    assert grouped == names.party("GB82WEST12345698765432", EAST)


def test_a_bank_is_known_by_its_routing_number() -> None:
    assert bank_entity(EAST) == "bank:021000021"


def test_the_key_shows_nowhere() -> None:
    names = Pseudonyms(_KEY)
    assert _KEY.decode() not in repr(names)
    assert not hasattr(names, "__dict__")
    with pytest.raises(TypeError):
        pickle.dumps(names)


def test_a_short_key_is_refused_with_the_variable_to_set() -> None:
    with pytest.raises(ColdwireError, match="COLDWIRE_PSEUDONYM_KEY"):
        Pseudonyms(b"short")


def test_a_key_file_is_made_once_and_only_for_its_owner(tmp_path: Path) -> None:
    path = tmp_path / "new" / "pseudonym.key"
    first = Pseudonyms.from_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert Pseudonyms.from_key_file(path).party("1", EAST) == first.party("1", EAST)
    assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def test_the_text_of_the_file_as_a_secret_gives_the_same_names(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    names = Pseudonyms.from_key_file(path)
    assert Pseudonyms(path.read_bytes().strip()).party("1", EAST) == names.party("1", EAST)


def test_workers_that_start_together_agree_on_one_key(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(Pseudonyms.from_key_file, [path] * 8))
    assert len({names.party("1", EAST) for names in made}) == 1


def test_a_key_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "pseudonym.key"
    Pseudonyms.from_key_file(path)
    path.chmod(0o644)
    with pytest.raises(ColdwireError, match="chmod 600"):
        Pseudonyms.from_key_file(path)


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_a_damaged_key_file_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "pseudonym.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ColdwireError):
        Pseudonyms.from_key_file(path)
