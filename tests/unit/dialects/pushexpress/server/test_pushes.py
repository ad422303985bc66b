"""What a push says, and what a caller reads of one that does not fit."""

from collections.abc import Mapping
from typing import Any

import pytest

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.server.codes import LANGUAGE_CODES
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.pushes import (
    MAX_PUSH_TEXT_BYTES,
    PushContent,
    parse_push_content,
    translation_path,
)
from pushhub.sends.message import Translation
from tests.doubles.push_express_account import PUSH, any_of

EN: Mapping[str, Any] = {"language": "en", "title": "Title", "text": "Text"}
A_URL = "an http or https URL of at most 2048 characters"


def read(push: Mapping[str, Any], path: str = "") -> PushContent:
    return parse_push_content(Fields(push, path))


def refused(push: Mapping[str, Any], path: str = "") -> str:
    with pytest.raises(RefusedError) as error:
        read(push, path)
    assert error.value.refusal.status == 400
    return str(error.value).removeprefix("validation error: ")


def with_en(**fields: Any) -> dict[str, Any]:
    return {"default_lang": "en", "translations": [{**EN, **fields}]}


def test_the_example_of_the_vendor_is_read_in_its_order() -> None:
    content = read(PUSH)
    english = Translation(
        title="Title Of My Push",
        text="Text of my push",
        image="https://example.com/image.png",
        icon="https://example.com/icon.png",
        link="https://example.com/",
    )
    portuguese = Translation("Título do meu push", "Texto do meu push")
    assert (content.default_language, [*content.translations.items()]) == ("en", [("en", english), ("pt", portuguese)])
    assert (content.default, content.others()) == (english, {"pt": portuguese})


def test_languages_are_known_in_either_case_and_kept_in_lower_case() -> None:
    content = read({"default_lang": "EN", "translations": [{**EN, "language": "En"}, {**EN, "language": "PT"}]})
    assert (content.default_language, [*content.translations]) == ("en", ["en", "pt"])


@pytest.mark.parametrize("name", ["image", "icon", "link"])
@pytest.mark.parametrize("value", [None, ""])
def test_a_url_that_is_null_or_empty_is_none(name: str, value: str | None) -> None:
    assert read(with_en(**{name: value})).default == Translation("Title", "Text")


@pytest.mark.parametrize(("name", "most"), [("title", 255), ("text", 4_000)])
def test_a_text_has_so_many_characters_whatever_their_bytes(name: str, most: int) -> None:
    assert getattr(read(with_en(**{name: "😀" * most})).default, name) == "😀" * most
    for value in any_of("😀" * (most + 1), "", 1, [], True):
        assert refused(with_en(**{name: value})) == f"translations[0].{name} must be a text of 1 to {most} characters"


@pytest.mark.parametrize(
    ("push", "text"),
    [
        ({}, "default_lang is required"),
        ({"default_lang": "en"}, "translations is required"),
        ({"default_lang": "en", "translations": None}, "translations is required"),
        ({"default_lang": None, "translations": [EN]}, "default_lang is required"),
        *(
            ({"default_lang": value, "translations": [EN]}, "default_lang must be a two-letter language code, such as pt")
            for value in any_of("en-US", "eng", "", 1, "xx")
        ),
        ({"default_lang": "pt", "translations": [EN]}, "default_lang must be the language of one of translations"),
        *(
            ({"default_lang": "en", "translations": value}, "translations must be a list of at least one object")
            for value in any_of([], {}, "en", 1)
        ),
        *(
            ({"default_lang": "en", "translations": [EN, value]}, "translations[1] must be an object")
            for value in any_of(None, "pt", [EN])
        ),
        (
            {"default_lang": "en", "translations": [EN, {**EN, "language": "EN"}]},
            "translations[1].language is the same as translations[0].language",
        ),
        (with_en(language="xx"), "translations[0].language must be a two-letter language code, such as pt"),
        *((with_en(**{name: None}), f"translations[0].{name} is required") for name in EN),
        *(
            (with_en(**{name: value}), f"translations[0].{name} must be {A_URL}")
            for name in ("image", "icon", "link")
            for value in any_of(
                "link-for.my.push",
                "ftp://a.b",
                "javascript:1",
                "https://",
                "https://a b",
                "https://a" + "b" * 2_048,
                1,
                [],
            )
        ),
        (with_en(badge=1), "translations[0].badge is no field of this call"),
        ({**PUSH, "id": 1}, "id is no field of this call"),
        ({**PUSH, "x" * 200: 1}, f"{'x' * 100}… is no field of this call"),
    ],
)
def test_a_push_that_does_not_fit_is_refused(push: Mapping[str, Any], text: str) -> None:
    assert refused(push) == text


def test_a_push_within_an_instant_sending_is_named_where_it_stands() -> None:
    assert refused(with_en(title=""), "push") == "push.translations[0].title must be a text of 1 to 255 characters"
    assert refused({**PUSH, "default_lang": "de"}, "push") == "push.default_lang must be the language of one of push.translations"
    assert translation_path(read(PUSH), "pt", "push") == "push.translations[1]"
    assert translation_path(read(PUSH), "en", "") == "translations[0]"


def test_a_translation_into_a_language_whose_code_was_given_up_is_into_that_of_today() -> None:
    push = read({"default_lang": "he", "translations": [{**EN, "language": "iw"}]})
    assert (push.default_language, [*push.translations]) == ("he", ["he"])
    both = {"default_lang": "he", "translations": [{**EN, "language": "he"}, {**EN, "language": "iw"}]}
    assert refused(both) == "translations[1].language is the same as translations[0].language"


def test_a_push_may_be_in_every_language_as_long_as_a_sending_takes_its_texts() -> None:
    translations = [{**EN, "language": language} for language in sorted(LANGUAGE_CODES)]
    assert read({"default_lang": "en", "translations": translations}).translations.keys() == LANGUAGE_CODES
    most = MAX_PUSH_TEXT_BYTES // len(LANGUAGE_CODES) - len("Title")
    full = [{**translation, "text": "x" * most} for translation in translations]
    read({"default_lang": "en", "translations": full})
    text = f"translations must be texts of at most {MAX_PUSH_TEXT_BYTES} bytes in all"
    over = [{**translation, "text": "é" * most} for translation in translations]
    assert refused({"default_lang": "en", "translations": over}) == text
