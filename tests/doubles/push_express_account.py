"""A caller of push.express's back-end API with apps, groups and events, and what requests of it hold."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from pushhub.catalog.model import (
    ApiCaller,
    App,
    AppGroup,
    AppId,
    AudienceGroup,
    BearerTokenDigest,
    Catalog,
    CustomEvent,
    PushExpressIds,
    Right,
)
from tests.doubles.apps import app_of
from tests.doubles.requests import CUSTOMERS

SHOP_ID, NEWS_ID, ARCHIVED_ID, FOREIGN_ID = 16183, 16184, 16185, 900
CRM = ApiCaller("crm", frozenset({BearerTokenDigest("a")}), frozenset({Right.SEND}))
BOT = ApiCaller("bot", frozenset({BearerTokenDigest("b")}), frozenset({Right.SEND}))


def px_app_of(
    id_: int, name: str, *, caller: ApiCaller = CRM, enabled: bool = True, blocks: tuple[str, ...] = ("firebase",)
) -> App:
    """Return an app of push.express that a caller may use."""
    ids = PushExpressIds(id_, f"{id_}-2")
    return replace(
        app_of(blocks, resource=5), id=AppId(name), name=name, callers=frozenset({caller.name}), enabled=enabled, push_express=ids
    )


SHOP = px_app_of(SHOP_ID, "shop", blocks=("firebase", "apns", "web_push", "wns"))
NEWS = px_app_of(NEWS_ID, "news")
ARCHIVED = px_app_of(ARCHIVED_ID, "old", enabled=False)
FOREIGN = px_app_of(FOREIGN_ID, "foreign", caller=BOT)
OF_ANOTHER_DIALECT = app_of()
CATALOG = Catalog.of(
    {
        "databases": [CUSTOMERS],
        "resources": [],
        "api_tokens": [CRM, BOT],
        "apps": [SHOP, FOREIGN, NEWS, ARCHIVED, OF_ANOTHER_DIALECT],
        "app_groups": [
            AppGroup(7, "shops", (SHOP_ID, FOREIGN_ID)),
            AppGroup(8, "foreign", (FOREIGN_ID,)),
            AppGroup(9, "all", (), all_apps=True),
            AppGroup(10, "old", (ARCHIVED_ID,)),
        ],
        "audience_groups": [
            AudienceGroup(11, "regulars", ("vip", "gold")),
            AudienceGroup(22, "guests", ("silver",)),
            AudienceGroup(33, "nobody", ()),
        ],
        "events": [CustomEvent("reg", "reg"), CustomEvent("dep", "Deposit")],
    }
)

TRANSLATIONS = [
    {
        "language": "en",
        "title": "Title Of My Push",
        "text": "Text of my push",
        "image": "https://example.com/image.png",
        "icon": "https://example.com/icon.png",
        "link": "https://example.com/",
    },
    {"language": "pt", "title": "Título do meu push", "text": "Texto do meu push"},
]
"""What the vendor's example says, with URLs in the place of its words."""
PUSH: Mapping[str, Any] = {"default_lang": "en", "translations": TRANSLATIONS}
FILTERS: Mapping[str, Any] = {
    "all_apps": False,
    "app_ids_include": [SHOP_ID, NEWS_ID],
    "app_ids_exclude": [ARCHIVED_ID],
    "app_groups_include": [7],
    "app_groups_exclude": None,
    "all_countries": False,
    "countries_include": ["PT", "GB"],
    "countries_exclude": [],
    "all_languages": True,
    "languages_include": [],
    "languages_exclude": ["pt"],
    "all_audiences": False,
    "audiences_include": ["myaud1_1234", "myaud2_1234"],
    "audiences_exclude": ["myaud3_1234"],
    "audience_groups_include": [11, 22],
    "audience_groups_exclude": [33],
    "event_include": "install",
    "event_exclude": "reg",
}
"""Every field of the vendor's example of filters."""
INSTANT: Mapping[str, Any] = {"name": "Name of scheduler", "filters": FILTERS, "push": PUSH}
TIME: Mapping[str, Any] = {"date": "2026-03-01", "time": "15:04", "local_time": False, "timezone": "-07:00"}
ONESEND: Mapping[str, Any] = {"name": "Name of scheduler", **TIME, **FILTERS}


def any_of(*values: Any) -> tuple[Any, ...]:
    """Return values of JSON that have no type in common."""
    return values
