"""Items of stored pushes, and of replies to requests with idempotency keys, in the Ledger table."""

import json
from dataclasses import fields

from pushhub.adapters.dynamodb.schema.items import ITEM_FORMAT, Item
from pushhub.moments import SECONDS_PER_DAY, Seconds
from pushhub.sends.message import Translation
from pushhub.sends.pushes import (
    MAX_PUSH_BYTES,
    KeptReply,
    PushId,
    PushTooLargeError,
    RequestKey,
    StoredPush,
    StoredTranslation,
    TranslationId,
)
from pushhub.sends.sending import SendingId


def push_key(push: PushId) -> Item:
    """Return the key of a push."""
    return {"pk": f"U#{push}", "sk": "U"}


def push_item(push: StoredPush, expires: int) -> Item:
    """Return a push as it is stored; one that is bound to nothing has no `bound`.

    Raises:
        PushTooLargeError: its translations exceed :data:`MAX_PUSH_BYTES`.
    """
    content = _content_text(push)
    if (size := len(content.encode())) > MAX_PUSH_BYTES:
        raise PushTooLargeError(f"the push has {size} bytes of translations; at most {MAX_PUSH_BYTES} fit")
    item = {"v": ITEM_FORMAT, "caller": push.caller, "default": push.default_language, "content": content, "expires": expires}
    return push_key(push.id) | item | ({} if push.bound is None else {"bound": push.bound})


def push_of(item: Item) -> StoredPush:
    """Read a push back."""
    _, number = item["pk"].split("#")
    return StoredPush(
        id=PushId(int(number)),
        caller=item["caller"],
        default_language=item["default"],
        translations=tuple(map(_translation_of, json.loads(item["content"]))),
        bound=SendingId(int(item["bound"])) if "bound" in item else None,
    )


def reply_key(key: RequestKey) -> Item:
    """Return the key of the reply to a request."""
    return {"pk": f"I#{key.digest}", "sk": "I"}


def reply_item(kept: KeptReply) -> Item:
    """Return a kept reply as it is stored; it may be deleted long after it is over, by everybody's clock."""
    return reply_key(kept.key) | {
        "v": ITEM_FORMAT,
        "body": kept.body_digest,
        "status": kept.status,
        "reply": kept.reply.decode(),
        "until": kept.until,
        "expires": kept.until + SECONDS_PER_DAY,
    }


def reply_of(key: RequestKey, item: Item) -> KeptReply:
    """Read a kept reply back."""
    return KeptReply(key, item["body"], int(item["status"]), item["reply"].encode(), Seconds(int(item["until"])))


def _content_text(push: StoredPush) -> str:
    """Return the JSON text of the translations; texts that are empty are left out."""
    entries = [{"id": each.id, "language": each.language, **_texts(each.translation)} for each in push.translations]
    return json.dumps(entries, ensure_ascii=False, separators=(",", ":"))


def _texts(translation: Translation) -> dict[str, str]:
    return {each.name: text for each in fields(translation) if (text := getattr(translation, each.name))}


def _translation_of(entry: Item) -> StoredTranslation:
    texts = {name: text for name, text in entry.items() if name not in ("id", "language")}
    return StoredTranslation(TranslationId(entry["id"]), entry["language"], Translation(**texts))
