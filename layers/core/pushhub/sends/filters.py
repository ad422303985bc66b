"""Which profiles does a sending choose?

Every filter has to admit a profile. What is compared:

=============  ============================================  ===================================================
filter         of the profile                                is compared as
=============  ============================================  ===================================================
`countries`    field `country`                               upper case
`languages`    field `language`, without its region          lower case, today's code: `pt-BR` and `PT` are `pt`
`audiences`    field `audiences`, parted at its commas       it is written, without what is blank around it
`events`       codes of what has happened to it; `install`   it is written
`ext_ids`      field `ext_id`                                it is written
=============  ============================================  ===================================================

A profile without a value is chosen by no list, and left out by none.
"""

import re
from collections.abc import Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Final

from pushhub.audience.values import Value
from pushhub.catalog.filter_fields import AUDIENCES, COUNTRY, EXT_ID, INSTALL, LANGUAGE, compared_audience

_SUBTAG_END: Final = re.compile("[-_]")
_CODE_TODAY: Final = {"in": "id", "iw": "he", "ji": "yi", "jw": "jv"}
"""Codes that ISO 639 has given up, and those that took their place. Android reports the first three before its version 14."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which values are chosen.

    Attributes:
        include: one of these has to be there; None asks for none.
        exclude: none of these may be there.
    """

    include: frozenset[str] | None = None
    exclude: frozenset[str] = frozenset()

    def admits(self, values: AbstractSet[str]) -> bool:
        """Say whether a profile with these values is chosen."""
        return (self.include is None or not self.include.isdisjoint(values)) and self.exclude.isdisjoint(values)


ANY: Final = Choice()
"""Every profile is chosen."""


@dataclass(frozen=True, slots=True)
class Filters:
    """Filters of which each has to admit a profile; values are written as the table above says they are compared."""

    countries: Choice = ANY
    languages: Choice = ANY
    audiences: Choice = ANY
    events: Choice = ANY
    ext_ids: frozenset[str] | None = None

    def admits(self, fields: Mapping[str, Value], happened: Collection[str]) -> bool:
        """Say whether a profile is chosen.

        Args:
            fields: of the profile.
            happened: codes of the events that have happened to it, but for `install`, which has happened to each.
        """
        return (
            (self.countries is ANY or self.countries.admits(_some(_text(fields, COUNTRY).strip().upper())))
            and (self.languages is ANY or self.languages.admits(_some(language_of(fields))))
            and (self.audiences is ANY or self.audiences.admits(_listed(_text(fields, AUDIENCES))))
            and (self.events is ANY or self.events.admits({INSTALL, *happened}))
            and (self.ext_ids is None or _text(fields, EXT_ID) in self.ext_ids)
        )


def language_of(fields: Mapping[str, Value]) -> str:
    """Return the language of a profile as :func:`language_today` gives it, without its region; empty where it has none."""
    return language_today(_SUBTAG_END.split(_text(fields, LANGUAGE).strip(), maxsplit=1)[0])


def language_today(code: str) -> str:
    """Return the code of a language in lower case, today's where that was given up: `IW` is `he`."""
    code = code.lower()
    return _CODE_TODAY.get(code, code)


def _text(fields: Mapping[str, Value], name: str) -> str:
    """Return a text field; a database that does not filter may declare it with another type."""
    value = fields.get(name)
    return value if isinstance(value, str) else ""


def _some(value: str) -> frozenset[str]:
    return frozenset({value} if value else ())


def _listed(text: str) -> frozenset[str]:
    return frozenset(compared_audience(part) for part in text.split(",")) - {""}
