"""Links that carry their report sealed: what is made opens, and nothing else does."""

import base64
import random
from collections.abc import Mapping

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pushhub.catalog.secrets import LinkKeyId, Secrets
from pushhub.events.command import LINK_PATH, OPAQUE_PART, Happening, RecordEvent
from pushhub.events.links import MAX_LAUNCH_BYTES, MAX_LINK_CHARACTERS, MAX_UID_BYTES, HubLinks, LinkError, mint_links, open_link
from tests.doubles.uids import PUBLISHED

BASE, STACK = "https://hub.example", "pushhub"
OLD, NEW = "an old key, random", "a newer key, random too"
KEYS = {LinkKeyId(1): OLD, LinkKeyId(7): NEW}
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

uids = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
launches = st.none() | st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=10)


def _secrets(keys: Mapping[LinkKeyId, str] | None = None) -> Secrets:
    return Secrets(KEYS if keys is None else keys, {})


def _mint(uid: str = PUBLISHED, launch: str | None = None, secrets: Secrets | None = None, stack: str = STACK) -> HubLinks:
    return mint_links(BASE, stack, secrets or _secrets(), uid, launch)


def _opaque(link: str) -> str:
    assert link.startswith(BASE + LINK_PATH)
    return link.removeprefix(BASE + LINK_PATH)


def _opened(link: str, keys: Mapping[LinkKeyId, str] | None = None, stack: str = STACK) -> RecordEvent | None:
    return open_link(link.removeprefix(BASE + LINK_PATH), stack, (KEYS if keys is None else keys).get)


def _raw(link: str) -> bytes:
    opaque = _opaque(link)
    return base64.urlsafe_b64decode(opaque + "=" * (-len(opaque) % 4))


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


@given(uids, launches)
@example('"', "\\")
@example("\u2028", "\U0001f600")
@example('["u","l"]', None)
@example("u" * MAX_UID_BYTES, "l" * MAX_LAUNCH_BYTES)
def test_a_link_opens_to_what_it_was_made_for(uid: str, launch: str | None) -> None:
    links = _mint(uid, launch)
    assert _opened(links.ack) == RecordEvent(Happening.DELIVERED, uid, launch_of_link=launch)
    assert _opened(links.open) == RecordEvent(Happening.OPENED, uid, launch_of_link=launch)


@given(uids, launches)
def test_a_link_has_the_form_of_links_and_no_part_of_the_two_is_shared(uid: str, launch: str | None) -> None:
    ack, opened = _raw(_mint(uid, launch).ack), _raw(_mint(uid, launch).open)
    assert OPAQUE_PART.fullmatch(_text(ack))
    assert OPAQUE_PART.fullmatch(_text(opened))
    assert not {ack[place : place + 8] for place in range(3, len(ack) - 7)} & {
        opened[place : place + 8] for place in range(3, len(opened) - 7)
    }


def test_the_same_push_has_the_same_links_and_every_other_has_others() -> None:
    assert _mint("u", "l") == _mint("u", "l")
    others = [_mint(), _mint("u"), _mint("u", "l"), _mint("ul"), _mint('u","l'), _mint("u", "m"), _mint("u", stack="another")]
    assert len({link for links in others for link in (links.ack, links.open)}) == 2 * len(others)


def test_an_opaque_part_shows_nothing_of_the_uid_and_the_launch() -> None:
    links = _mint("uid-in-clear-text", "launch-in-clear-text")
    for link in (links.ack, links.open):
        assert b"clear" not in _raw(link)


def test_a_uid_has_up_to_two_hundred_bytes() -> None:
    assert _opened(_mint("é" * (MAX_UID_BYTES // 2)).open)
    for refused in ("u" * (MAX_UID_BYTES + 1), "é" * (MAX_UID_BYTES // 2) + "u"):
        with pytest.raises(LinkError, match="uid has 201 bytes; 1 to 200"):
            _mint(refused)


def test_a_launch_has_up_to_a_hundred_bytes() -> None:
    assert _opened(_mint("u", "é" * (MAX_LAUNCH_BYTES // 2)).ack)
    for refused in ("l" * (MAX_LAUNCH_BYTES + 1), "é" * (MAX_LAUNCH_BYTES // 2) + "l"):
        with pytest.raises(LinkError, match="launch has 101 bytes; 1 to 100"):
            _mint("u", refused)


def test_nothing_is_no_uid_and_no_launch() -> None:
    with pytest.raises(LinkError, match="uid has 0 bytes"):
        _mint("")
    with pytest.raises(LinkError, match="launch has 0 bytes"):
        _mint("u", "")


def test_half_of_a_surrogate_pair_is_refused_without_being_quoted() -> None:
    with pytest.raises(LinkError, match="uid is not valid Unicode") as uid:
        _mint("u\ud800")
    with pytest.raises(LinkError, match="launch is not valid Unicode"):
        _mint("u", "\udfff")
    assert uid.value.__suppress_context__


def test_a_whole_link_has_up_to_512_characters() -> None:
    bare = len(_mint().open) - len(BASE)
    longest = "https://" + "h" * (MAX_LINK_CHARACTERS - bare - len("https://"))
    links = mint_links(longest, STACK, _secrets(), PUBLISHED)
    assert len(links.ack) == len(links.open) == MAX_LINK_CHARACTERS
    with pytest.raises(LinkError, match="would have 513 characters; at most 512"):
        mint_links(longest + "h", STACK, _secrets(), PUBLISHED)


def test_escaping_in_a_link_counts_towards_its_length() -> None:
    base = "https://" + "h" * 80
    assert mint_links(base, STACK, _secrets(), "u" * 190)
    with pytest.raises(LinkError, match="a link would have"):
        mint_links(base, STACK, _secrets(), '"' * 190)


def test_the_newest_key_makes_links_and_older_ones_still_open_theirs() -> None:
    old = _mint(secrets=_secrets({LinkKeyId(1): OLD}))
    new = _mint(secrets=_secrets())
    assert old != new
    assert (_raw(old.ack)[1], _raw(new.ack)[1]) == (1, 7)
    assert _opened(old.ack) == _opened(new.ack)
    assert _opened(old.ack)


def test_keys_in_any_order_have_the_same_newest() -> None:
    assert _mint(secrets=_secrets(dict(reversed(KEYS.items())))) == _mint()


def test_a_hundred_keys_all_open_theirs() -> None:
    keys = {LinkKeyId(number): f"key {number}" for number in range(156, 256)}
    for number, key in keys.items():
        assert _opened(_mint(secrets=_secrets({number: key})).open, keys)


def test_a_link_of_an_unknown_key_does_not_open() -> None:
    link = _mint().ack
    assert _opened(link)
    assert _opened(link, {LinkKeyId(1): OLD}) is None
    assert _opened(link, {}) is None


def test_a_link_does_not_open_by_another_key_of_the_same_id() -> None:
    assert _opened(_mint().ack, {LinkKeyId(7): OLD}) is None


def test_a_link_does_not_open_in_another_stack() -> None:
    link = _mint().ack
    for stack in ("pushhub2", "pushhu", "", "PUSHHUB", "pushhub link"):
        assert _opened(link, stack=stack) is None


def test_without_a_key_no_link_is_made() -> None:
    with pytest.raises(LinkError, match="no link key"):
        _mint(secrets=_secrets({}))


def test_no_character_of_a_link_can_be_another() -> None:
    opaque = _opaque(_mint(launch="l").open)
    assert _opened(opaque)
    for place, right in enumerate(opaque):
        for wrong in ALPHABET:
            if wrong != right:
                assert _opened(opaque[:place] + wrong + opaque[place + 1 :]) is None


def test_no_bit_of_a_link_can_be_flipped() -> None:
    links = _mint()
    for link in (links.ack, links.open):
        opaque = _opaque(link)
        for place, character in enumerate(opaque):
            for bit in range(8):
                assert _opened(opaque[:place] + chr(ord(character) ^ 1 << bit) + opaque[place + 1 :]) is None


def test_a_link_can_not_be_shortened_lengthened_or_put_together_of_two() -> None:
    ack, opened = _raw(_mint().ack), _raw(_mint().open)
    for size in range(len(ack)):
        assert _opened(_text(ack[:size])) is None
        assert _opened(_text(ack[:size] + opened[size:])) is None or size <= 2
        assert _opened(_text(ack[:size] + ack[size + 1 :])) is None
    assert _opened(_text(ack + b"\0")) is None
    assert _opened(_text(ack + ack)) is None


@pytest.mark.parametrize("place", [0, 1, 2], ids=["format", "key id", "purpose"])
def test_no_byte_of_the_header_can_be_another(place: int) -> None:
    raw = _raw(_mint().ack)
    every_key = {LinkKeyId(number): NEW for number in range(256)}
    assert _opened(_text(raw), every_key)
    for value in set(range(256)) - {raw[place]}:
        assert _opened(_text(raw[:place] + bytes([value]) + raw[place + 1 :]), every_key) is None


def test_delivered_can_not_be_turned_into_opened() -> None:
    raw = _raw(_mint().ack)
    assert raw[2:3] == b"a"
    assert _opened(_text(raw[:2] + b"o" + raw[3:])) is None


@pytest.mark.parametrize("size", range(190, 194))
def test_only_the_text_that_was_made_opens_and_none_that_decoders_take_for_it(size: int) -> None:
    opaque = _opaque(_mint("u" * size).ack)
    raw = _raw(_mint("u" * size).ack)
    assert _opened(opaque)
    for ending in ("=", "==", "===", "\n", " ", "\x00", "A", "."):
        assert _opened(opaque + ending) is None
    same = [opaque[:-1] + last for last in ALPHABET if last != opaque[-1]]
    decoded = [text for text in same if base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)) == raw]
    assert len(decoded) == {0: 0, 2: 15, 3: 3}[len(opaque) % 4]
    for text in same:
        assert _opened(text) is None
    for text in (opaque.replace("-", "+"), opaque.replace("_", "/"), f" {opaque}", f"/{opaque}", opaque[:8] + "\n" + opaque[8:]):
        assert text == opaque or _opened(text) is None


def test_one_of_many_links_has_each_of_the_two_characters_that_base64url_has_for_itself() -> None:
    made = [_opaque(_mint(f"u{number}").ack) for number in range(50)]
    assert any("-" in opaque for opaque in made)
    assert any("_" in opaque for opaque in made)
    for opaque in made:
        assert _opened(opaque)
        assert not {"-", "_"} & set(opaque) or _opened(opaque.replace("-", "+").replace("_", "/")) is None


@given(st.text(max_size=80) | st.text(ALPHABET + "=+/", max_size=80))
@example("")
@example("AQ")
@example("AQdh")
@example("AQdhAAAA")
@example("é" * 16)
@example("\ud800" * 16)
@example("A" * 4096)
def test_garbage_does_not_open(text: str) -> None:
    assert _opened(text) is None


def test_garbage_of_every_length_behind_a_good_header_does_not_open() -> None:
    chance = random.Random(42)
    for size in range(400):
        assert _opened(_text(b"\x01\x07a" + chance.randbytes(size))) is None
        assert _opened(_text(b"\x01\x07o" + bytes(size))) is None


def test_the_form_of_a_link_never_changes_from_one_release_to_the_next() -> None:
    opaque = _opaque(_mint("u", "l").ack)
    assert opaque == "AQdh0G1RMGoFY8YdfedQlD08JUbuiWcYYjwRJQ"
    assert _opened(opaque) == RecordEvent(Happening.DELIVERED, "u", launch_of_link="l")


def test_no_key_and_no_token_stands_in_what_is_printed_of_anything() -> None:
    secrets = Secrets(KEYS, {"altcraft": "an upstream's token"})
    links = mint_links(BASE, STACK, secrets, "u")
    with pytest.raises(LinkError) as refused:
        mint_links(BASE, STACK, secrets, "")
    shown = [secrets, secrets.with_link_key(NEW), links, _opened(links.ack), refused.value]
    for each in shown:
        for said in (repr(each), str(each), f"{each}"):
            assert not [secret for secret in (OLD, NEW, "an upstream's token") if secret in said]


@pytest.mark.parametrize("name", ["uid", "launch"])
def test_no_link_is_made_of_what_a_report_may_not_hold(name: str) -> None:
    texts = {"uid": "a push", "launch": "a launch", name: "a line\nand another"}
    with pytest.raises(LinkError, match=f"{name} holds a control character"):
        mint_links("https://hub.example.com", "pushhub", Secrets({LinkKeyId(1): "a key"}, {}), **texts)
