"""How does a person send pushes?"""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Final

import click

from pushhub.adapters.dynamodb.schema.sending_content import content_text
from pushhub.audience.model import MAX_LIVE, Subscription
from pushhub.catalog.model import App, Catalog
from pushhub.console.connection import Stack, command_line
from pushhub.console.failure import INTERRUPTED, ConsoleError
from pushhub.console.printing import print_done, print_found
from pushhub.console.progress import say
from pushhub.console.sends.app_choice import sending_app
from pushhub.console.sends.commands import read_standing
from pushhub.console.sends.content import MAX_AHEAD_DAYS, Content, parse_due, with_content
from pushhub.console.sends.filters import OPTION
from pushhub.console.sends.rehearsal import Rehearsal
from pushhub.console.sends.report import app_text, sending_entry, sending_lines
from pushhub.console.sends.request_report import rehearsed_entry, rehearsed_lines
from pushhub.console.sends.selectors import Selectors, parse_selection, selecting
from pushhub.console.sends.standing import CONSOLE, SendingStanding, stored_sending
from pushhub.console.sends.stores import SendStores, open_sends
from pushhub.console.sends.watch import SendingWatch
from pushhub.console.stores import faults_explained, json_option, stack_options
from pushhub.faults import UnavailableError
from pushhub.moments import Seconds, milliseconds_now, seconds_now
from pushhub.sends.platforms import enabled_providers
from pushhub.sends.recipients import enabled_references, recipients_among
from pushhub.sends.scheduling import schedule
from pushhub.sends.sending import (
    ANY_PROVIDER,
    BEGINNING,
    INDEX_LANES,
    MAX_STEP_RECIPIENTS,
    Everyone,
    Filtered,
    Named,
    Part,
    Selection,
    Sending,
    SendingId,
    SendingStatus,
    launch_of,
    mint_sending_id,
)
from pushhub.sends.steps import IndexSteps, chooses
from pushhub.sends.store import MAX_SENDING_BYTES, KnownSendingError
from pushhub.text import is_unicode

if TYPE_CHECKING:
    from pushhub.catalog.providers import Provider

MAX_LABEL_CHARACTERS: Final = 256
"""Of a name and of a tag."""
_MOST_IDS: Final = 5
_LOOKED_AT: Final = 100
"""Profiles of each lane that a dry run looks for recipients among: it is to answer at once."""
_FILTERED: Final = 2_000
"""As many of which filters admit only some: a call reads 1 MB at most in any case."""


def _label(_context: click.Context, parameter: click.Parameter, text: str) -> str:
    # Python hands over bytes of the command line that are not UTF-8 as lone surrogates.
    if len(text) > MAX_LABEL_CHARACTERS or not is_unicode(text):
        raise click.BadParameter(f"at most {MAX_LABEL_CHARACTERS} characters of valid Unicode are expected", param=parameter)
    return text


@dataclass(frozen=True, slots=True)
class SendCommand:
    """What a person asks for by the options of `send`."""

    selection: Selection
    content: Content
    due: Seconds
    name: str
    tag: str

    def sending(self, app: App) -> Sending:
        """Return the sending of an app that does it.

        Raises:
            ConsoleError: a value does not fit; the text names its option.
        """
        id_ = mint_sending_id(milliseconds_now(), random.random())  # noqa: S311  (it tells ids of one millisecond apart)
        return Sending(
            id=id_,
            app=app.id,
            caller=CONSOLE,
            dialect=CONSOLE,
            name=self.name,
            tag=self.tag,
            launch=launch_of(id_, app.database),
            selection=self.selection,
            messages={ANY_PROVIDER: self.content.message(app)},
            parts=(Part(0, app.id, self.due),),
            expire=self.content.tries_seconds,
        )


@click.command()
@selecting
@with_content
@click.option(
    "--at",
    metavar="TIME",
    help="When, in ISO 8601, such as 2026-03-01T09:30:00+03:00; without an offset it is UTC. Without it, now. "
    f"At most {MAX_AHEAD_DAYS} days ahead.",
)
@click.option("--name", default="", callback=_label, help="What you call the sending.")
@click.option("--tag", default="", callback=_label, help="The campaign that `sendings stats` counts it for.")
@click.option("--dry-run", is_flag=True, help="Print the requests for one recipient of each provider; send and write nothing.")
@stack_options
@json_option
def send(  # noqa: PLR0913  (click hands over each option by its name)
    *,
    app: str,
    selectors: Selectors,
    content: Content,
    at: str | None,
    name: str,
    tag: str,
    dry_run: bool,
    stack: Stack | None,
    as_json: bool,
) -> None:
    """Push a message to people: those of --id, --field and --token, or --filters, or --all.

    Each live subscription of theirs gets it whose provider the app has credentials for. The hub sends; this follows it to its end,
    and prints what came of the recipients, as `sendings show` does. Ctrl-C stops following, not the sending. With a time ahead in
    --at, it does not wait.

    Exits with 0 once the sending is complete, whatever came of the recipients, with 1 where it was cancelled, stopped or came too
    late, with 130 if Ctrl-C ended the following.
    """
    now = seconds_now()
    due = now if at is None else parse_due(at, now)
    stores = open_sends(stack)
    with faults_explained():
        catalog = stores.catalog.load().catalog
        sender = sending_app(catalog, app)
        selection = parse_selection(catalog, sender, enabled_providers(sender), selectors)
        command = SendCommand(selection, content, due, name, tag)
        sending = command.sending(sender)
        _require_storable(sending)
        rehearsal = Rehearsal(
            catalog, sender, stores.audience, stand_ins_url=stores.stand_ins_url, more_push_hosts=stores.more_push_hosts
        )
        rehearsal.require_renderable(sending)
        if dry_run:
            _print_rehearsed(stores, catalog, sender, sending, rehearsal, as_json=as_json)
            return
    sending = _written(stores, partial(command.sending, sender), now, stack)
    if sending.due > now:
        _print_scheduled(stores, sender, sending, stack, as_json=as_json)
        return
    sys.exit(0 if _follow(stores, sender, sending.id, stack, as_json=as_json) else 1)


def _require_storable(sending: Sending) -> None:
    """Refuse a sending that the store does not hold for its size; a message alone always fits.

    Raises:
        ConsoleError: it takes more than :data:`MAX_SENDING_BYTES`.
    """
    number = len(content_text(sending.selection, sending.messages).encode())
    if number > MAX_SENDING_BYTES:
        options = OPTION if isinstance(sending.selection, Filtered) else "--id, --field and --token"
        raise ConsoleError(
            f"{options}: they take, with the message, {number:,} bytes, and one sending holds at most {MAX_SENDING_BYTES:,}: "
            "name fewer in one sending"
        )


def _written(stores: SendStores, make: Callable[[], Sending], now: Seconds, stack: Stack | None) -> Sending:
    """Return a sending that is written. Ids differ by chance within a millisecond: where one is taken, another one is made."""
    for _ in range(_MOST_IDS):
        with suppress(KnownSendingError):
            _write(stores, sending := make(), now, stack)
            return sending
    raise ConsoleError(f"the ids of {_MOST_IDS} sendings were taken; nothing was sent: try again")


def _write(stores: SendStores, sending: Sending, now: Seconds, stack: Stack | None) -> None:
    try:
        schedule(stores.sendings, stores.lanes, sending, now)
    except UnavailableError as fault:
        showing = command_line(stack, "sendings", "show", str(sending.id))
        raise ConsoleError(
            f"the hub's data cannot be used: {fault}; the sending may be written all the same: look with `{showing}` before you "
            "send again"
        ) from fault


def _follow(stores: SendStores, app: App, id_: SendingId, stack: Stack | None, *, as_json: bool) -> bool:
    """Wait until a sending has ended, print it, and return whether it is complete."""
    say(f"sending {id_}; Ctrl-C does not stop it")
    try:
        with faults_explained():
            ended = SendingWatch(stores.sendings).until_ended(id_)
            standing = read_standing(stores, ended.sending)
    except KeyboardInterrupt:
        _say_that_it_goes_on(id_, stack)
        sys.exit(INTERRUPTED)
    except ConsoleError:
        _say_that_it_goes_on(id_, stack)
        raise
    print_found(*_shown(app, standing), as_json=as_json)
    return standing.sending.status is SendingStatus.COMPLETE


def _say_that_it_goes_on(id_: SendingId, stack: Stack | None) -> None:
    showing, ending = (command_line(stack, "sendings", word, str(id_)) for word in ("show", "cancel"))
    say(f"sending {id_} goes on; see it with `{showing}`, end it with `{ending}`")


def _print_scheduled(stores: SendStores, app: App, sending: Sending, stack: Stack | None, *, as_json: bool) -> None:
    with faults_explained():
        standing = read_standing(stores, stored_sending(stores.sendings, sending.id))
    entry, lines = _shown(app, standing)
    ending = command_line(stack, "sendings", "cancel", str(sending.id))
    print_done(entry, [*lines, f"it waits until then; cancel it with `{ending}`"], as_json=as_json)


def _shown(app: App, standing: SendingStanding) -> tuple[dict[str, object], list[str]]:
    now = seconds_now()
    return sending_entry(standing, now), list(sending_lines(standing, app_text(standing.sending, {app.id: app.name}), now))


def _print_rehearsed(  # noqa: PLR0913
    stores: SendStores, catalog: Catalog, app: App, sending: Sending, rehearsal: Rehearsal, *, as_json: bool
) -> None:
    recipients = one_of_each_provider(_recipients(stores, catalog, app, sending), len(enabled_providers(app)))
    if not recipients:
        looked_at = _LOOKED_AT if isinstance(sending.selection, Everyone) else _FILTERED
        raise ConsoleError(
            f"nobody was found among the first {looked_at * len(INDEX_LANES):,} profiles who would get it"
            if not isinstance(sending.selection, Named)
            else "nobody was found who would get it; `profile show` says what subscriptions a profile has"
        )
    rehearsed = rehearsal.rehearsed(sending, recipients)
    lines = chain(["nothing is sent: keys and links are throw-away ones, push tokens are masked"], *map(rehearsed_lines, rehearsed))
    print_found(list(map(rehearsed_entry, rehearsed)), lines, as_json=as_json)


def one_of_each_provider(found: Iterator[Subscription], providers: int) -> list[Subscription]:
    """Return the first recipient of each provider; once there is one of so many providers, no further ones are looked for."""
    first: dict[Provider, Subscription] = {}
    for subscription in found:
        first.setdefault(subscription.address.provider, subscription)
        if len(first) == providers:
            break
    return list(first.values())


def _recipients(stores: SendStores, catalog: Catalog, app: App, sending: Sending) -> Iterator[Subscription]:
    """Give recipients: all that are named or, else, those among the first profiles of each lane."""
    if isinstance(sending.selection, Named):
        yield from chain.from_iterable(stores.finding(catalog)(app, sending.selection.identifiers))
        return
    # A step has a whole page of everybody, however many subscriptions its profiles have; of those admitted it has one call's.
    most = _LOOKED_AT * MAX_LIVE if isinstance(sending.selection, Everyone) else MAX_STEP_RECIPIENTS
    steps = IndexSteps(stores.reach, enabled_references, recipients_among, most, _LOOKED_AT, _FILTERED)
    for lane in INDEX_LANES:
        for step in islice(steps.after(app, lane, BEGINNING, chooses(sending, sending.parts[0])), 1):
            yield from step.recipients
