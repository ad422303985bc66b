"""Which reply does the Push API give?

Success and error have the forms of "Push API", "Response format", in `sources.md`. The HTTP status equals `status_code`. The vendor
does not publish what an element of `error_details` looks like; this form is the hub's own.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from itertools import islice
from typing import Final

from pushhub.audience.model import Subscription
from pushhub.catalog.providers import Provider
from pushhub.dialects.devtodev.push.errors import MAX_LISTED_ERRORS, PushRefusal, PushRefusedError
from pushhub.dialects.devtodev.push.wire import PlatformBlock
from pushhub.dialects.http import REPEAT_SOON, HttpReply
from pushhub.dialects.json_body import write_object
from pushhub.sends.accounting import masked_push_token
from pushhub.sends.outcomes import Outcome, RecipientOutcome
from pushhub.sends.sending import Identifier, NamedField

SERVICE_OF: Final[Mapping[Provider, str]] = {
    Provider("ios-apns"): "APNs",
    Provider("ios-firebase"): "FCM",
    Provider("ios-huawei"): "Huawei",
    Provider("yandex-Appmetrica-device-id-ios"): "AppMetrica",
    Provider("yandex-Appmetrica-ios-ifa"): "AppMetrica",
    Provider("yandex-Appmetrica-ios-token"): "AppMetrica",
    Provider("android-firebase"): "FCM",
    Provider("android-huawei"): "Huawei",
    Provider("android-rustore"): "RuStore",
    Provider("yandex-Appmetrica-device-id-android"): "AppMetrica",
    Provider("yandex-Appmetrica-google-aid"): "AppMetrica",
    Provider("yandex-Appmetrica-android-token"): "AppMetrica",
    Provider("windows-wns"): "WNS",
    Provider("uwp-wns"): "WNS",
}
"""What a reply calls the service of each provider that a block reaches."""
_MAY_HAVE_BEEN_SENT: Final = "may have been sent"


@dataclass(frozen=True, slots=True)
class ErrorDetail:
    """Why one recipient did not get its push.

    Attributes:
        platform: the block of the request that was for it.
        identifier: by which it was found, as the request names it; a push token is masked here too.
        masked_push_token: of the recipient, as examples of a sending show it.
        service: one of :data:`SERVICE_OF`.
        code: the service's own code as it came, or the word of the outcome where there was none.
        msg: why, in words for people.
    """

    platform: PlatformBlock
    identifier: Mapping[str, str | int]
    masked_push_token: str
    service: str
    code: str
    msg: str


def error_detail(block: PlatformBlock, identifier: Identifier, recipient: Subscription, outcome: RecipientOutcome) -> ErrorDetail:
    """Return why a recipient that was found by an identifier did not get its push."""
    is_unknown = outcome.outcome is Outcome.UNKNOWN
    masked = masked_push_token(recipient)
    return ErrorDetail(
        platform=block,
        identifier={identifier.field: identifier.value} if isinstance(identifier, NamedField) else {"token": masked},
        masked_push_token=masked,
        service=SERVICE_OF[recipient.address.provider],
        code=Outcome.UNKNOWN if is_unknown else outcome.code or outcome.outcome,
        msg=_MAY_HAVE_BEEN_SENT if is_unknown else outcome.reason,
    )


def render_push_result(successful: int, erroneous: int, details: Iterable[ErrorDetail]) -> HttpReply:
    """Return the reply to a request that was carried out; it has the first :data:`MAX_LISTED_ERRORS` details."""
    result = {
        "audience": successful + erroneous,
        "successful": successful,
        "erroneous": erroneous,
        "error_details": [_element(each) for each in islice(details, MAX_LISTED_ERRORS)],
    }
    return _reply(HTTPStatus.OK, {"data": {"status": "complete", "result": result}}, {})


def render_push_refusal(refused: PushRefusedError) -> HttpReply:
    """Return the reply to a request that was refused."""
    headers = REPEAT_SOON if refused.refusal is PushRefusal.UNAVAILABLE else {}
    errors = [{"code": each.refusal.vendor_code, "msg": each.msg} for each in refused.errors]
    return _reply(refused.refusal.status, {"errors": errors}, headers)


def _element(detail: ErrorDetail) -> dict[str, object]:
    return {
        "platform": detail.platform,
        "identifier": detail.identifier,
        "token_masked": detail.masked_push_token,
        "service": detail.service,
        "code": detail.code,
        "msg": detail.msg,
    }


def _reply(status: int, content: Mapping[str, object], headers: Mapping[str, str]) -> HttpReply:
    return HttpReply(status, write_object({"status_code": status, **content}), headers)
