"""How is a sending shown, to people and as JSON?

Pure.
"""

from collections.abc import Iterator, Sequence
from typing import Final

from pushhub.catalog.model import AppId
from pushhub.catalog.providers import Provider
from pushhub.console.sends.filters import filter_texts, filters_entry, first_of
from pushhub.console.sends.standing import SendingStanding
from pushhub.console.tables import table_lines
from pushhub.console.terminal import beginning, on_one_line
from pushhub.events.command import Happening
from pushhub.moments import Seconds, iso_seconds
from pushhub.sends.counting import Reached
from pushhub.sends.outcomes import Outcome
from pushhub.sends.sending import Example, Filtered, OutcomeCounts, Part, ProviderStop, Sending, SendingStatus

INTERRUPTED_STATUS: Final = "interrupted"
"""What a running sending is shown as whose worker must have died."""
_SHOWN: Final = 40
"""Characters of a name in a table."""
_HEADING: Final = ("sending", "status", "due", "app", "tag", "name", "recipients", "accepted", "waiting", "other")
_PART_HEADING: Final = ("part for", "due", "local offset", "state")
_DROPPED: Final = "dropped"
_PART_TEXTS: Final = {_DROPPED: "dropped: the app is disabled, or not in the catalog"}
"""What a person reads of a part, where a word does not say it."""
_ALIGNMENTS: Final = "<<<<<<>>>>"


def sending_entry(standing: SendingStanding, now: Seconds) -> dict[str, object]:
    """Return a sending as JSON has it; `delivered` and `opened` are those of its launch."""
    sending, counts = standing.sending, standing.counts
    return {
        "id": sending.id,
        "app": sending.app,
        "caller": sending.caller,
        "tag": sending.tag,
        "name": sending.name,
        "status": shown_status(standing, now),
        "due": iso_seconds(sending.due),
        "begun": _moment(sending.begun),
        "ended": _moment(sending.ended),
        "audience": counts.total,
        "counts": {
            provider: {str(outcome): counts.number(outcome, provider) for outcome in Outcome}
            for provider in sorted(counts.by_provider)
        },
        "delivered": _reported(standing, Happening.DELIVERED),
        "opened": _reported(standing, Happening.OPENED),
        "examples": [_example_entry(example) for example in _in_order(sending.examples)],
        "launch": sending.launch.text,
        "stopped": [
            {"app": app, "provider": provider, "outcome": str(stop.outcome), "reason": stop.reason}
            for app, provider, stop in _stops_of(sending)
        ],
        "filters": filters_entry(sending.selection.filters) if isinstance(sending.selection, Filtered) else None,
        "parts": [_part_entry(part, standing, now) for part in sending.parts],
        "also_in": sorted(sending.translations),
        "push": sending.push,
        "expired_without_push": standing.expired_without_push,
    }


def _part_entry(part: Part, standing: SendingStanding, now: Seconds) -> dict[str, object]:
    offset = None if part.offset is None else offset_text(part.offset)
    dropped = part.number in standing.sending.dropped
    return {
        "app": part.app,
        "due": iso_seconds(part.due),
        "offset": offset,
        "dropped": dropped,
        "state": part_state(part, standing, now),
    }


def part_state(part: Part, standing: SendingStanding, now: Seconds) -> str:
    """Return where a part of a sending stands, in a word or two; of a sending that has ended, no part runs."""
    sending = standing.sending
    if part.number in sending.dropped:
        return _DROPPED
    if sending.status.ended:
        begun = sending.begun is not None and (sending.ended is None or part.due <= sending.ended)
        return "over" if begun else "not begun"
    if part.number in standing.over:
        return "over"
    if part.due > now:
        return "to come"
    return "running" if sending.status is SendingStatus.RUNNING else "due"


def offset_text(seconds: int) -> str:
    """Return an offset from UTC as ISO 8601 has it, such as `+05:30`."""
    hours, minutes = divmod(abs(seconds) // 60, 60)
    return f"{'-' if seconds < 0 else '+'}{hours:02}:{minutes:02}"


def _in_order(examples: Sequence[Example]) -> list[Example]:
    return sorted(examples, key=lambda example: (example.provider, example.outcome, example.code))


def _example_entry(example: Example) -> dict[str, object]:
    return {
        "provider": example.provider,
        "outcome": str(example.outcome),
        "code": example.code,
        "reason": example.reason,
        "token": example.masked_push_token,
    }


def shown_status(standing: SendingStanding, now: Seconds) -> str:
    """Return where a sending stands, in one word."""
    return INTERRUPTED_STATUS if standing.interrupted(now) else str(standing.sending.status)


def sending_lines(standing: SendingStanding, app: str, now: Seconds) -> Iterator[str]:
    """Give a sending as lines for a person; `app` is what its app is called."""
    sending = standing.sending
    yield f"sending {sending.id}: {_status_text(standing, now)}"
    rows = [
        ("app", app),
        ("caller", sending.caller),
        ("name", sending.name),
        ("tag", sending.tag),
        ("due", iso_seconds(sending.due)),
        ("begun", _moment(sending.begun)),
        ("ended", _moment(sending.ended)),
        ("delivered", f"{_reported(standing, Happening.DELIVERED):,}"),
        ("opened", f"{_reported(standing, Happening.OPENED):,}"),
        ("launch", sending.launch.text),
        ("push", str(sending.push or "")),
        ("also in", ", ".join(sorted(sending.translations))),
        *(filter_texts(sending.selection.filters) if isinstance(sending.selection, Filtered) else ()),
    ]
    yield from (f"  {line}" for line in table_lines("<<", [(name, on_one_line(text)) for name, text in rows if text]))
    if not sending.messages and not sending.status.ended:
        yield "  no push is bound to it: it expires where none is when it is due"
    if standing.expired_without_push:
        yield "  no push was bound to it when it was due: nothing was sent"
    yield from (f"  {line}" for line in _part_lines(standing, now))
    not_begun = sending.status is SendingStatus.SCHEDULED and not standing.counts.total
    yield from ["  not begun"] if not_begun else (f"  {line}" for line in count_table(standing.counts))
    several = len(apps_of(sending)) > 1
    for stopped_app, provider, stop in _stops_of(sending):
        whose = f" for {stopped_app}" if several else ""
        yield f"  {provider} was stopped{whose}: {stop.outcome}, {on_one_line(stop.reason)}"
    yield from map(_example_line, _in_order(sending.examples))


def _stops_of(sending: Sending) -> list[tuple[AppId, Provider, ProviderStop]]:
    """Return the stops in the order of apps and providers."""
    stops = [(app, provider, stop) for app, stops in sending.stopped.items() for provider, stop in stops.items()]
    return sorted(stops, key=lambda each: each[:2])


def _part_lines(standing: SendingStanding, now: Seconds) -> list[str]:
    """Return the parts as a table; what is said of one part alone stands above it."""
    sending = standing.sending
    if len(sending.parts) == 1:
        return []
    rows = [
        (
            part.app,
            iso_seconds(part.due),
            "" if part.offset is None else offset_text(part.offset),
            _PART_TEXTS.get(state := part_state(part, standing, now), state),
        )
        for part in sending.parts
    ]
    return table_lines("<<<<", [_PART_HEADING, *rows])


def _example_line(example: Example) -> str:
    why = on_one_line(": ".join(text for text in (example.code, example.reason) if text))
    return f"  {example.provider} {example.outcome}, such as {on_one_line(example.masked_push_token)}: {why}"


def _status_text(standing: SendingStanding, now: Seconds) -> str:
    cancelling = standing.sending.cancelling and not standing.sending.status.ended
    return f"{shown_status(standing, now)}{', being cancelled' if cancelling else ''}"


def count_table(counts: OutcomeCounts) -> list[str]:
    """Return what came of recipients as a table: a row for each provider, a column for each outcome that there is."""
    if not counts.total:
        return ["no recipients"]
    outcomes = [outcome for outcome in Outcome if outcome is Outcome.ACCEPTED or counts.number(outcome)]
    heading = ("provider", "recipients", *map(str, outcomes))
    rows = [
        (str(provider), *(f"{number:,}" for number in _numbers(OutcomeCounts({provider: came_of}), outcomes)))
        for provider, came_of in sorted(counts.by_provider.items())
    ]
    totals = ("total", *(f"{number:,}" for number in _numbers(counts, outcomes)))
    return table_lines("<" + ">" * (len(outcomes) + 1), [heading, *rows, *([totals] if len(rows) > 1 else [])])


def _numbers(counts: OutcomeCounts, outcomes: Sequence[Outcome]) -> list[int]:
    return [counts.total, *map(counts.number, outcomes)]


def list_lines(standings: Sequence[SendingStanding], now: Seconds) -> list[str]:
    """Return sendings as the lines of a table."""
    return table_lines(_ALIGNMENTS, [_HEADING, *(_cells(standing, now) for standing in standings)])


def _cells(standing: SendingStanding, now: Seconds) -> tuple[str, ...]:
    sending, counts = standing.sending, standing.counts
    accepted, waiting = counts.number(Outcome.ACCEPTED), counts.number(Outcome.RETRY)
    return (
        str(sending.id),
        shown_status(standing, now),
        iso_seconds(sending.due),
        first_of(apps_of(sending), 1),
        *(beginning(on_one_line(text), _SHOWN) for text in (sending.tag, sending.name)),
        *(f"{number:,}" for number in (counts.total, accepted, waiting, counts.total - accepted - waiting)),
    )


def progress_of(standing: SendingStanding) -> str:
    """Return the numbers that stand beside a bar."""
    accepted = standing.counts.number(Outcome.ACCEPTED)
    other = standing.counts.total - standing.counts.number(Outcome.RETRY) - accepted
    parts = [f"{accepted:,} accepted", f"{other:,} other", *([f"{standing.waiting:,} waiting"] if standing.waiting else [])]
    return ", ".join(parts)


def _reported(standing: SendingStanding, happening: Happening) -> int:
    return sum(row.unique[happening] for row in standing.statistics)


def _moment(moment: Seconds | None) -> str | None:
    return None if moment is None else iso_seconds(moment)


def apps_of(sending: Sending) -> list[AppId]:
    """Return the apps of its parts, each once."""
    return [*dict.fromkeys(part.app for part in sending.parts)]


def app_text(sending: Sending, names: dict[str, str]) -> str:
    """Return the apps as a person knows them: name with id, or the id alone where the catalog has it no more."""
    apps = [str(app) for app in apps_of(sending)]
    return first_of([f"{name} ({app})" if (name := names.get(app)) and name != app else app for app in apps])


def reached_entry(reached: Reached) -> dict[str, object]:
    """Return how many a sending would reach, as JSON has it."""
    return {"profiles": reached.profiles, "pushes": dict(sorted(reached.pushes.items()))}


def reached_lines(reached: Reached) -> list[str]:
    """Return how many a sending would reach, as lines for a person."""
    rows = [("profiles", f"{reached.profiles:,}"), ("pushes", f"{sum(reached.pushes.values()):,}")]
    rows += ((f"  {provider}", f"{number:,}") for provider, number in sorted(reached.pushes.items()))
    return table_lines("<>", rows)
