"""What does a push carry so that its events are counted for its sending?

A uid, the launch, and two links. They come of the sending and the recipient alone, so a push that is tried again carries the same.
"""

from collections.abc import Callable
from dataclasses import dataclass

from pushhub.audience.model import Subscription, hash_id
from pushhub.catalog.cached import CachedCatalog
from pushhub.catalog.model import App, DatabaseId
from pushhub.catalog.secrets import CachedSecrets
from pushhub.events.links import mint_links
from pushhub.events.uid import Launch, Recipient, mint_uid
from pushhub.faults import UnavailableError
from pushhub.sends.json_template import compact_json
from pushhub.sends.message import HubKey, PushRecipient
from pushhub.sends.sending import Sending, minted_nanoseconds


class TrackingError(Exception):
    """The links of pushes cannot be made now; the text says why."""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Makes what pushes carry of the hub; `stack` is the stack's name, which links are bound to."""

    catalog: CachedCatalog
    secrets: CachedSecrets
    stack: str

    def of(self, sending: Sending, app: App) -> Callable[[Subscription], PushRecipient]:
        """Return what gives the recipient for a subscription, with what the messages of the sending carry of the hub.

        Raises:
            TrackingError: what links are made of is missing or cannot be read now.
        """
        keys = {key for message in sending.messages.values() for key in message.hub_keys} if app.tracking else set()
        if not keys:
            return _untracked
        links = self._links() if HubKey.HUB_LINK in keys else _no_links
        return _Tracked(sending.launch, sending.launch.text, minted_nanoseconds(sending.id), app.database, links).recipient

    def _links(self) -> Callable[[str], str]:
        """Return what gives the links of a push, by its uid, as JSON."""
        try:
            base_url, secrets = self.catalog.current().base_url, self.secrets.current()
        except UnavailableError as fault:
            raise TrackingError(str(fault)) from fault
        if base_url is None:
            raise TrackingError("the catalog does not say where the hub is; apply it again")
        if secrets.minting_link_key is None:
            raise TrackingError("the stack's secret has no link key")

        def links(uid: str) -> str:
            minted = mint_links(base_url, self.stack, secrets, uid)
            return compact_json({"ack": minted.ack, "open": minted.open})

        return links


@dataclass(frozen=True, slots=True)
class _Tracked:
    """What the pushes of one sending have in common."""

    launch: Launch
    launch_id: str
    sent: int
    database: DatabaseId
    links: Callable[[str], str]

    def recipient(self, subscription: Subscription) -> PushRecipient:
        provider, push_token = subscription.address.provider, subscription.address.push_token
        recipient = Recipient(self.database, subscription.profile, hash_id(provider, push_token), provider)
        uid = mint_uid(self.launch, self.sent, recipient)
        return PushRecipient(push_token, subscription.ref, uid, self.launch_id, self.links(uid))


def _untracked(subscription: Subscription) -> PushRecipient:
    return PushRecipient(subscription.address.push_token, subscription.ref)


def _no_links(_uid: str) -> str:
    return "{}"
