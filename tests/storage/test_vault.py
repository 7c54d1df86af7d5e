from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage import KeyFormatError, MasterKey, SealError
from storage.vault import Vault, new_id

MASTER = MasterKey(bytes(range(32)))
VAULT = Vault(MASTER)
LI, _ = VAULT.new_key(1)
WANG, _ = VAULT.new_key(2)

places = st.lists(st.text(max_size=8), min_size=1, max_size=4).map(tuple)
words = st.text()


@given(places, words)
def test_what_is_sealed_opens_in_its_place(place: tuple[str, ...], text: str) -> None:
    assert LI.open_text(place, LI.seal_text(place, text)) == text


@given(places, places, words)
def test_what_is_moved_to_another_place_does_not_open(
    here: tuple[str, ...], there: tuple[str, ...], text: str
) -> None:
    if here != there:
        with pytest.raises(SealError):
            LI.open_text(there, LI.seal_text(here, text))


@given(places, words)
def test_what_is_moved_to_another_person_does_not_open(place: tuple[str, ...], text: str) -> None:
    with pytest.raises(SealError):
        WANG.open_text(place, LI.seal_text(place, text))


@given(places, words, st.data())
def test_a_flipped_bit_does_not_open(
    place: tuple[str, ...], text: str, data: st.DataObject
) -> None:
    sealed = bytearray(LI.seal_text(place, text))
    bit = data.draw(st.integers(0, len(sealed) * 8 - 1))
    sealed[bit // 8] ^= 1 << (bit % 8)
    with pytest.raises(SealError):
        LI.open_text(place, bytes(sealed))


@given(places, words, st.integers(min_value=0))
def test_a_shortened_value_does_not_open(place: tuple[str, ...], text: str, cut: int) -> None:
    sealed = LI.seal_text(place, text)
    with pytest.raises(SealError):
        LI.open_text(place, sealed[: cut % len(sealed)])


@given(words)
def test_the_same_words_are_never_sealed_the_same(text: str) -> None:
    assert LI.seal_text(("card",), text) != LI.seal_text(("card",), text)


@given(places, places)
def test_fingerprints_are_equal_exactly_for_equal_parts_of_one_person(
    one: tuple[str, ...], other: tuple[str, ...]
) -> None:
    assert (LI.fingerprint(*one) == LI.fingerprint(*other)) == (one == other)
    assert LI.fingerprint(*one) != WANG.fingerprint(*one)


def test_a_wrapped_key_opens_for_its_person_and_master_only() -> None:
    key, wrapped = VAULT.new_key(7)
    sealed = key.seal_text(("x",), "y")
    assert Vault(MASTER).open_key(7, key.id, wrapped).open_text(("x",), sealed) == "y"
    for vault, owner, key_id in (
        (VAULT, 8, key.id),
        (VAULT, 7, new_id()),
        (Vault(MasterKey.generate()), 7, key.id),
    ):
        with pytest.raises(SealError):
            vault.open_key(owner, key_id, wrapped)


def test_the_vault_remembers_opened_keys_and_not_without_end() -> None:
    vault = Vault(MASTER)
    kept = [(owner, *vault.new_key(owner)) for owner in range(4100)]
    for owner, key, wrapped in kept:
        opened = vault.open_key(owner, key.id, wrapped)
        assert vault.open_key(owner, key.id, wrapped) is opened
    assert len(vault._opened) <= 4096
    vault.drop(4099)
    assert 4099 not in vault._opened


def test_a_master_key_is_read_as_it_was_printed() -> None:
    printed = MASTER.text()
    assert MasterKey.parse(f"  {printed}\n").text() == printed
    assert MasterKey.parse(printed).id == MASTER.id != MasterKey.generate().id


def test_a_master_key_is_told_by_nothing_but_its_text() -> None:
    secret = MASTER.text().split(".")[1]
    assert secret not in repr(MASTER) + str(MASTER) + f"{MASTER}" + MASTER.id + repr(LI)


@given(st.data())
def test_a_typing_mistake_in_a_master_key_is_recognised(data: st.DataObject) -> None:
    text = MASTER.text()
    at = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.characters(codec="ascii", categories=["L", "N"]))
    mistaken = text[:at] + letter + text[at + 1 :]
    if mistaken != text:
        with pytest.raises(KeyFormatError) as refusal:
            MasterKey.parse(mistaken)
        assert text.split(".")[1][:8] not in str(refusal.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "begins with"),
        ("hunter2", "begins with"),
        (MASTER.text()[:-9], "incomplete"),
        (MASTER.text()[:20], "incomplete"),
        (MASTER.text()[:-1] + "g", "typing mistake"),
        ("kabao1.你好.x", "incomplete"),
        ("kabao1." + "=" * 43 + ".00000000", "incomplete"),
    ],
)
def test_what_is_wrong_with_a_master_key_is_said_in_words(text: str, words: str) -> None:
    with pytest.raises(KeyFormatError, match=words):
        MasterKey.parse(text)


def test_an_id_has_no_digit_that_could_be_a_pin() -> None:
    ids = {new_id() for _ in range(1000)}
    assert len(ids) == 1000
    assert all(len(one) == 16 and one.isalpha() and one.islower() for one in ids)
