"""What does iOS show of a message?

"Generating a remote notification" says what each key means. Both providers that reach iOS write it.
"""

from collections.abc import Mapping
from typing import Final

from pushhub.sends.message import Message, Priority

MAX_PAYLOAD_BYTES: Final = 4_096
"""Of a push ("Sending notification requests to APNs"); FCM has the same bound ("ErrorCode")."""

_AT_ONCE, _SAVING_POWER = "10", "5"


def aps_payload(message: Message) -> dict[str, object]:
    """Return `aps`, which iOS reads itself."""
    if message.hidden:
        return {"content-available": 1}
    ios = message.ios
    keys = {
        "alert": _alert(message),
        "sound": message.sound,
        "category": ios.category,
        "thread-id": ios.thread_id,
        # An extension of the app has to fetch the image, and to read the parts that the app has keys of its own for.
        "mutable-content": int(ios.mutable_content or bool(message.image or message.app_keys)),
        "content-available": int(ios.content_available),
        "interruption-level": ios.interruption_level,
    }
    badge = {} if message.badge is None else {"badge": message.badge}
    return {**_present(keys), **badge}


def push_type(message: Message) -> str:
    """Return `apns-push-type`: what is not hidden is an alert, be it only a sound or a badge."""
    return "background" if message.hidden else "alert"


def apns_priority(message: Message) -> str:
    """Return `apns-priority`; a background push with another than 5 is refused."""
    return _AT_ONCE if message.priority == Priority.HIGH and not message.hidden else _SAVING_POWER


def _alert(message: Message) -> dict[str, object]:
    ios = message.ios
    keys = {
        "title": message.title,
        "subtitle": ios.subtitle,
        "body": message.text,
        "title-loc-key": ios.title_loc_key,
        "title-loc-args": ios.title_loc_args,
        "loc-key": ios.loc_key,
        "loc-args": ios.loc_args,
        "action-loc-key": ios.action_loc_key,
        "launch-image": ios.launch_image,
    }
    return _present(keys)


def _present(keys: Mapping[str, object]) -> dict[str, object]:
    return {key: value for key, value in keys.items() if value}
