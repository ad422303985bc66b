"""What a sending is that a request asks for."""

from datetime import datetime

from pushhub.dialects.pushexpress.server.account import Account
from pushhub.dialects.pushexpress.server.endpoints.one_time import one_time_sending
from pushhub.dialects.pushexpress.server.fields import Fields
from pushhub.dialects.pushexpress.server.filters import parse_filters
from pushhub.dialects.pushexpress.server.orders import OnesendOrder
from pushhub.dialects.pushexpress.server.times import FixedTime, LocalTime
from pushhub.moments import Seconds
from pushhub.sends.local_time import UTC_OFFSETS
from pushhub.sends.sending import Filtered, Sending, SendingId
from tests.doubles.push_express_account import CATALOG, CRM, FILTERS, NEWS, SHOP

APPLIED = parse_filters(Fields(FILTERS), Account(CRM, CATALOG))
DUE = Seconds(int(datetime.fromisoformat("2026-03-01T10:00Z").timestamp()))
TEN_O_CLOCK = LocalTime(datetime.fromisoformat("2026-03-01T10:00"))


def sending_of(time: FixedTime | LocalTime, now: int) -> Sending:
    return one_time_sending(SendingId(1), CRM, OnesendOrder("spring", APPLIED, time), Seconds(now))


def test_a_sending_at_one_moment_has_a_part_for_each_app() -> None:
    sending = sending_of(FixedTime(DUE), DUE - 1)
    assert [(part.number, part.app, part.due, part.offset) for part in sending.parts] == [
        (0, SHOP.id, DUE, None),
        (1, NEWS.id, DUE, None),
    ]
    assert (sending.app, sending.caller, sending.name) == (SHOP.id, "crm", "spring")
    assert sending.selection == Filtered(APPLIED.filters)
    assert (sending.messages, sending.push) == ({}, None)


def test_a_sending_at_a_local_hour_has_a_part_for_each_app_and_offset() -> None:
    sending = sending_of(TEN_O_CLOCK, DUE - 20 * 3_600)
    assert {(part.app, part.offset) for part in sending.parts} == {
        (app.id, offset) for app in (SHOP, NEWS) for offset in UTC_OFFSETS
    }
    assert all(part.due == DUE - (part.offset or 0) for part in sending.parts)
    assert [part.number for part in sending.parts] == [*range(2 * len(UTC_OFFSETS))]


def test_where_a_local_hour_has_passed_nobody_gets_a_push_that_is_late() -> None:
    sending = sending_of(TEN_O_CLOCK, DUE - 5 * 3_600)
    assert {part.offset for part in sending.parts} == {offset for offset in UTC_OFFSETS if offset < 5 * 3_600}
    assert [part.number for part in sending.parts] == [*range(len(sending.parts))]
    assert sending.due > DUE - 5 * 3_600
