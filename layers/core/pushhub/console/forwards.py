"""How does a person see the dead letters of a hub, and put them back?"""

import re
import sys
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Final

import click

from pushhub.adapters.sqs_for_commands import SqsMessages
from pushhub.console.bars import counting_bar
from pushhub.console.connection import Stack, connect
from pushhub.console.dead_letter_queue import DeadLetterQueue, Held
from pushhub.console.dead_letters import DeadLetter, QueueName, letter_entry, letter_lines, named, why_left
from pushhub.console.printing import print_done, print_found
from pushhub.console.progress import say
from pushhub.console.stores import faults_explained, json_option, stack_options
from pushhub.moments import Milliseconds, milliseconds_now

_ID: Final = re.compile(r"[0-9A-Za-z-]{8,100}", re.ASCII)

_queue_option = click.option(
    "--queue", type=click.Choice([str(name) for name in QueueName]), help="Dead letters of this queue only."
)


@click.group()
def forwards() -> None:
    """See the dead letters of a hub, and put them back.

    A dead letter is a report or a forward that was given up: `events` are reports that could not be recorded, `forwards` events
    that an upstream refused, or did not take for 72 hours. Links that are not ours become dead letters only where handling them
    keeps failing.
    """


@forwards.command(name="list")
@_queue_option
@click.option("--upstream", metavar="NAME", help="Forwards to this upstream only.")
@click.option(
    "--limit", type=click.IntRange(min=1), default=1000, show_default=True, metavar="N", help="Read at most N letters of a queue."
)
@stack_options
@json_option
def list_(*, queue: str | None, upstream: str | None, limit: int, stack: Stack | None, as_json: bool) -> None:
    """Print the dead letters: what, why, since when, and how often they were tried. They stay where they are.

    Says too how many others are still on their way.

    While they are read they are hidden from everybody else, so two people who list at the same time see some each; where this ends
    without releasing them, they are hidden for a minute.
    """
    letters: list[DeadLetter] = []
    queues = open_queues(stack, _names(queue, upstream))
    with faults_explained():
        for one in queues:
            with one.held() as held:
                read = _read(one, held, limit)
            letters += read
            if len(read) == limit:
                say(f"read {limit} dead letters of {one.name} and no more; --limit reads more")
    shown = sorted((one for one in letters if upstream in {None, one.upstream}), key=lambda one: (one.queue, one.sent, one.id))
    print_found(list(map(letter_entry, shown)), letter_lines(shown) if shown else ["no dead letters"], as_json=as_json)
    with faults_explained():
        for one in queues:
            if number := one.on_their_way():
                say(f"{one.name} on their way, not given up: about {number}")


@forwards.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@_queue_option
@click.option("--upstream", metavar="NAME", help="All forwards to this upstream.")
@click.option("--all", "everything", is_flag=True, help="All that can be read, of both queues or of --queue.")
@stack_options
@json_option
def redrive(  # noqa: PLR0913  (click hands over each option by its name)
    *, ids: tuple[str, ...], queue: str | None, upstream: str | None, everything: bool, stack: Stack | None, as_json: bool
) -> None:
    """Put dead letters back into the queue they come from: those with an ID, of an --upstream, or --all.

    An ID is one that `forwards list` prints. The 72 hours of a forward begin anew; a move in the AWS console does that for none, so
    that forwards older than this are given up again at once. A letter is deleted once it is in its queue: if this command is
    interrupted a letter may be there twice, but never lost. What cannot be read goes back only by its ID, as it is.
    """
    _require_one_choice(ids, upstream, everything=everything)
    queues = open_queues(stack, _names(queue, upstream))
    outcome = RedriveOutcome(milliseconds_now())
    try:
        with faults_explained():
            if ids:
                _redrive_named(queues, ids, outcome)
            else:
                for one in queues:
                    _redrive_all(one, upstream, outcome)
    finally:
        # A person learns what was put back even if the rest could not be read.
        print_done(outcome.entry, [outcome.summary], as_json=as_json)
    if outcome.left:
        sys.exit(1)


@dataclass(slots=True)
class RedriveOutcome:
    """What a redrive has done so far; it `began` at that moment."""

    began: Milliseconds
    redriven: list[DeadLetter] = field(default_factory=list)
    left: list[tuple[str, DeadLetter | None, str]] = field(default_factory=list)
    """The id, the letter if there is one, and why it was not put back."""

    @property
    def summary(self) -> str:
        """One line for a person."""
        reasons = Counter(why for _, _, why in self.left)
        whys = "; ".join(why if count == 1 else f"{count} of them: {why}" for why, count in reasons.items())
        return f"redriven {len(self.redriven)}" + (f", left {len(self.left)} ({whys})" if self.left else "")

    @property
    def entry(self) -> dict[str, object]:
        """The same as JSON has it."""
        return {
            "redriven": [{"id": letter.id, "queue": str(letter.queue)} for letter in self.redriven],
            "left": [{"id": id_, "queue": str(letter.queue) if letter else None, "why": why} for id_, letter, why in self.left],
        }

    def put_back(self, held: Held, letters: Sequence[DeadLetter]) -> bool:
        """Put letters of one queue back; return whether any of them went back: if none did, the next will not either."""
        failed = held.put_back(letters, self.began)
        self.redriven += (letter for letter in letters if letter.id not in failed)
        self.left += ((letter.id, letter, failed[letter.id]) for letter in letters if letter.id in failed)
        return len(failed) < len(letters)


def open_queues(stack: Stack | None, names: Sequence[QueueName]) -> list[DeadLetterQueue]:
    """Return the queues of dead letters of a deployed hub, or of the one that runs here.

    Raises:
        ConsoleError: there is no such hub, or AWS cannot be asked.
    """
    connection = connect(stack)
    client, outputs = connection.client("sqs"), connection.outputs
    queues = {
        QueueName.EVENTS: ("EventsDeadLetters", "EventsQueue"),
        QueueName.FORWARDS: ("ForwardsDeadLetters", "ForwardsQueue", "RetriesQueue", "RelaysQueue"),
    }
    return [DeadLetterQueue(name, *(SqsMessages(client, outputs[output]) for output in queues[name])) for name in names]


def _names(queue: str | None, upstream: str | None) -> list[QueueName]:
    """Return the queues that options mean; only forwards are on their way to an upstream."""
    if upstream is not None and queue == QueueName.EVENTS:
        raise click.UsageError("only dead letters of the queue forwards have an upstream")
    if upstream is not None:
        return [QueueName.FORWARDS]
    return [QueueName(queue)] if queue else [*QueueName]


def _require_one_choice(ids: Sequence[str], upstream: str | None, *, everything: bool) -> None:
    if [bool(ids), upstream is not None, everything].count(True) != 1:
        raise click.UsageError("say which dead letters: by ids, by --upstream or with --all, and by one of them only")
    for id_ in ids:
        if not _ID.fullmatch(id_):
            raise click.UsageError("an ID is at least the first 8 characters of what `forwards list` prints")


def _read(queue: DeadLetterQueue, held: Held, limit: int | None = None) -> list[DeadLetter]:
    letters: list[DeadLetter] = []
    with counting_bar(queue.waiting(), f"reading {queue.name}") as advance:
        for some in held.received(limit):
            letters += some
            advance(len(some))
    return letters


def _redrive_named(queues: Sequence[DeadLetterQueue], ids: Sequence[str], outcome: RedriveOutcome) -> None:
    """Read every letter before one is put back: several letters may begin with the given beginning of an id."""
    with ExitStack() as stack:
        helds = {queue.name: stack.enter_context(queue.held()) for queue in queues}
        letters = [letter for queue in queues for letter in _read(queue, helds[queue.name])]
        meant, wrong = named(letters, ids)
        outcome.left += ((id_, None, why) for id_, why in wrong.items())
        for name, held in helds.items():
            outcome.put_back(held, [letter for letter in meant if letter.queue is name])


def _redrive_all(queue: DeadLetterQueue, upstream: str | None, outcome: RedriveOutcome) -> None:
    """Put letters back as soon as they are read: a letter that waited longer would become visible again and be read twice."""
    with queue.held() as held, counting_bar(queue.waiting(), f"redriving {queue.name}") as advance:
        for some in held.received():
            meant = [letter for letter in some if upstream in {None, letter.upstream}]
            kept = {letter.id: why for letter in meant if (why := why_left(letter, outcome.began))}
            outcome.left += ((letter.id, letter, kept[letter.id]) for letter in meant if letter.id in kept)
            going = [letter for letter in meant if letter.id not in kept]
            if going and not outcome.put_back(held, going):
                return
            advance(len(some))
