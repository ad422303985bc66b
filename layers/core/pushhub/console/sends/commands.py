"""How does a person see what came of sendings, and cancel one?"""

from functools import partial
from typing import Final

import click

from pushhub.catalog.model import AppId
from pushhub.console.bars import described_bar
from pushhub.console.connection import Stack
from pushhub.console.failure import ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.reading import read_each
from pushhub.console.sends.app_choice import chosen_app, sending_app
from pushhub.console.sends.listing import due_lately, newest
from pushhub.console.sends.report import app_text, apps_of, list_lines, reached_entry, reached_lines, sending_entry, sending_lines
from pushhub.console.sends.selectors import Selectors, parse_selection, selecting
from pushhub.console.sends.sending_id import SENDING_ID
from pushhub.console.sends.standing import SendingStanding, standing_of, stored_sending, with_statistics, with_waiting
from pushhub.console.sends.stores import SendStores, open_sends
from pushhub.console.sends.tags import counted_tag, read_tags, tag_entry, tag_lines
from pushhub.console.stores import faults_explained, json_option, stack_options
from pushhub.console.terminal import stdout_is_a_terminal
from pushhub.moments import seconds_now
from pushhub.sends.counting import Counting
from pushhub.sends.platforms import enabled_providers
from pushhub.sends.sending import Sending, SendingId, SendingStatus

_MAX_LISTED: Final = 1_000
_BAR: Final = 10_000
"""Parts of a bar."""

_sending_argument = click.argument("id_", metavar="ID", type=SENDING_ID)
app_option = click.option("--app", metavar="APP", help="Of this app only: its id, or its name.")


@click.group(name="sendings")
def sendings_() -> None:
    """See what came of sendings, cancel them, and count whom one would reach.

    A sending is one act of pushing a message to an audience; `pushhub send` makes them.
    """


@sendings_.command(name="list")
@app_option
@click.option(
    "--limit", type=click.IntRange(1, _MAX_LISTED), default=20, show_default=True, metavar="N", help="At most N sendings."
)
@stack_options
@json_option
def list_(*, app: str | None, limit: int, stack: Stack | None, as_json: bool) -> None:
    """Print sendings, the one that was made last first.

    A sending is forgotten after the days that the stack's parameter EventRetentionDays says.
    """
    stores = open_sends(stack)
    with faults_explained():
        of_app = None if app is None else chosen_app(stores.catalog.load().catalog, app).id
        found = newest(stores.sendings, stores.days, now := seconds_now(), lambda each: _is_of(each, of_app), limit)
        standings = list(read_each(partial(_read_listed, stores), found, "reading sendings"))
    entries = [sending_entry(standing, now) for standing in standings]
    print_found(entries, list_lines(standings, now) if standings else ["no sendings"], as_json=as_json)


@sendings_.command()
@_sending_argument
@stack_options
@json_option
def show(*, id_: int, stack: Stack | None, as_json: bool) -> None:
    """Print what came of a sending so far, by provider and outcome.

    A recipient counts once, by its last outcome: `retry` are those that wait now. `delivered` and `opened` count what devices
    reported of its launch.
    """
    stores = open_sends(stack)
    with faults_explained():
        standing = read_standing(stores, stored_sending(stores.sendings, SendingId(id_)))
        print_found(*_shown(stores, standing), as_json=as_json)


@sendings_.command(name="cancel")
@_sending_argument
@stack_options
@json_option
def cancel_sending(*, id_: int, stack: Stack | None, as_json: bool) -> None:
    """End a sending; pushes that have left stay.

    One that is not due yet ends at once. Of one that runs, lanes end at their next step, of at most 100 recipients each, and
    recipients that wait for a retry are given up within a minute. It does not ask.
    """
    stores, sending_id = open_sends(stack), SendingId(id_)
    with faults_explained():
        before = stored_sending(stores.sendings, sending_id)
        if before.status.ended and before.status is not SendingStatus.CANCELLED:
            raise ConsoleError(f"sending {id_} has ended already: it is {before.status}")
        stores.sendings.cancel(sending_id, seconds_now())
        standing = read_standing(stores, stored_sending(stores.sendings, sending_id))
        print_done(*_shown(stores, standing), as_json=as_json)


@sendings_.command(name="count")
@selecting
@stack_options
@json_option
def count_reached(*, app: str, selectors: Selectors, stack: Stack | None, as_json: bool) -> None:
    """Count whom a sending would reach now: profiles, and pushes of each provider. Nothing is sent.

    With --all and with --filters it reads an index of the whole database once.
    """
    stores = open_sends(stack)
    with faults_explained():
        catalog = stores.catalog.load().catalog
        sender = sending_app(catalog, app)
        selection = parse_selection(catalog, sender, enabled_providers(sender), selectors)
        with described_bar("counting") as show_share:
            counting = Counting(stores.reach, stores.finding(catalog))
            reached = counting(sender, selection, lambda share: show_share(int(_BAR * share), _BAR, ""))
    print_found(reached_entry(reached), reached_lines(reached), as_json=as_json)


@sendings_.command(name="stats")
@app_option
@click.option("--tag", metavar="TAG", help="This campaign only.")
@click.option(
    "--days",
    type=click.IntRange(min=1),
    default=7,
    show_default=True,
    metavar="N",
    help="Sendings that were due in the last N days.",
)
@stack_options
@json_option
def tag_stats(*, app: str | None, tag: str | None, days: int, stack: Stack | None, as_json: bool) -> None:
    """Count pushes by campaign tag: what providers took, and what devices reported.

    `accepted`, `erroneous` and `unknown` count recipients of sendings that have ended. On a terminal, bars show which share of the
    accepted pushes was delivered, and which of the delivered ones was opened.
    """
    stores = open_sends(stack)
    with faults_explained():
        of_app = None if app is None else chosen_app(stores.catalog.load().catalog, app).id
        found = due_lately(
            stores.sendings,
            min(days, stores.days),
            seconds_now(),
            lambda each: _is_of(each, of_app) and (tag is None or counted_tag(tag) == counted_tag(each.tag)),
        )
        tags = read_tags(stores.counters, found)
    lines = tag_lines(tags, plotted=stdout_is_a_terminal()) if tags else ["no sendings"]
    print_found(list(map(tag_entry, tags)), lines, as_json=as_json)


def _is_of(sending: Sending, app: AppId | None) -> bool:
    return app is None or app in apps_of(sending)


def read_standing(stores: SendStores, sending: Sending) -> SendingStanding:
    """Return how far a sending has come, with those that wait and with what was reported of its launch.

    Raises:
        UnavailableError: a table did not answer in time, or refused for load.
    """
    return with_statistics(stores.counters, with_waiting(stores.sendings, standing_of(stores.sendings, sending, seconds_now())))


def _read_listed(stores: SendStores, sending: Sending) -> SendingStanding:
    # How far one has come that runs, its identifiers say, which a list leaves out.
    return read_standing(stores, sending if sending.status.ended else stores.sendings.sending(sending.id) or sending)


def _shown(stores: SendStores, standing: SendingStanding) -> tuple[dict[str, object], list[str]]:
    """Return a sending as JSON and as lines."""
    now, apps = seconds_now(), stores.catalog.load().catalog.apps
    names = {str(id_): app.name for id_, app in apps.items()}
    return sending_entry(standing, now), list(sending_lines(standing, app_text(standing.sending, names), now))
