"""What does a push say, and in which languages?

"Pushes", "Create a Push". A push stands in the body of a request of its own, and in `push` of "Instant sending".
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from pushhub.dialects.http import RefusedError
from pushhub.dialects.pushexpress.errors import PushExpressRefusal
from pushhub.dialects.pushexpress.server.fields import Fields, bad_field
from pushhub.dialects.pushexpress.server.filters import LANGUAGE_ELEMENT
from pushhub.outgoing.addresses import MAX_URL_CHARACTERS
from pushhub.sends.message import Translation, is_url

MAX_TITLE_CHARACTERS: Final = 255
MAX_TEXT_CHARACTERS: Final = 4_000
MAX_PUSH_TEXT_BYTES: Final = 64 * 1024
"""Of all texts of a push in UTF-8, so that a sending takes them beside its filters: a score of the longest that providers take."""
PUSH_FIELDS: Final = frozenset({"default_lang", "translations"})

_URLS: Final = ("image", "icon", "link")
_TRANSLATION_FIELDS: Final = frozenset({"language", "title", "text", *_URLS})
_A_URL: Final = f"an http or https URL of at most {MAX_URL_CHARACTERS} characters"


@dataclass(frozen=True, slots=True)
class PushContent:
    """What a push says.

    Attributes:
        default_language: for devices of every other language; `translations` has it.
        translations: at least one, in the request's order, by language: two letters in lower case.
    """

    default_language: str
    translations: Mapping[str, Translation]

    @property
    def default(self) -> Translation:
        """What it says in the default language."""
        return self.translations[self.default_language]

    def others(self) -> Mapping[str, Translation]:
        """Return what it says in the other languages."""
        return {language: each for language, each in self.translations.items() if language != self.default_language}


def parse_push_content(fields: Fields) -> PushContent:
    """Return what a push says, whose fields are the whole object.

    Raises:
        RefusedError: fields are absent, unknown or do not fit, a language is there twice, or the default language is not there.
    """
    fields.require_known(PUSH_FIELDS)
    default_language = _language(fields, "default_lang")
    places: dict[str, str] = {}
    translations: dict[str, Translation] = {}
    for translation in _translations(fields):
        language, place = _language(translation, "language"), translation.path_of("language")
        if language in places:
            raise RefusedError(PushExpressRefusal.REPEATED, path=place, first=places[language])
        places[language] = place
        translations[language] = _parse_translation(translation)
    path = fields.path_of("translations")
    if default_language not in translations:
        raise bad_field(fields.path_of("default_lang"), f"the language of one of {path}")
    if sum(map(_bytes_of, translations.values())) > MAX_PUSH_TEXT_BYTES:
        raise bad_field(path, f"texts of at most {MAX_PUSH_TEXT_BYTES} bytes in all")
    return PushContent(default_language, translations)


def translation_path(content: PushContent, language: str, path: str) -> str:
    """Return where the translation into a language stood in a push that stood at `path`, empty for the body itself."""
    return Fields({}, path).path_of(f"translations[{[*content.translations].index(language)}]")


def _translations(fields: Fields) -> list[Fields]:
    values, path = fields.required("translations"), fields.path_of("translations")
    if not isinstance(values, list) or not values:
        raise bad_field(path, "a list of at least one object")
    return [Fields.of(value, f"{path}[{index}]") for index, value in enumerate(values)]


def _language(fields: Fields, name: str) -> str:
    language = LANGUAGE_ELEMENT.read(fields.required(name))
    if language is None:
        raise bad_field(fields.path_of(name), LANGUAGE_ELEMENT.expected)
    return language


def _parse_translation(fields: Fields) -> Translation:
    fields.require_known(_TRANSLATION_FIELDS)
    return Translation(
        title=fields.text("title", MAX_TITLE_CHARACTERS),
        text=fields.text("text", MAX_TEXT_CHARACTERS),
        **{name: _url(fields, name) for name in _URLS},
    )


def _url(fields: Fields, name: str) -> str:
    """Return an optional URL; an empty one counts as none."""
    value = fields.get(name)
    if value is None:
        return ""
    if not isinstance(value, str) or not is_url(value):
        raise bad_field(fields.path_of(name), _A_URL)
    return value


def _bytes_of(translation: Translation) -> int:
    texts = (translation.title, translation.text, translation.image, translation.icon, translation.link)
    return sum(len(text.encode()) for text in texts)
