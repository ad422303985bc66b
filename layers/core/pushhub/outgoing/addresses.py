"""Which addresses may the hub call?

Inside Lambda, loopback is the API of the runtime, and link-local addresses may give out credentials. So the hub calls public
addresses over https only, unless a stack says otherwise. A name is judged by the address that it resolves to when the connection is
opened.
"""

import re
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from typing import Final

MAX_URL_CHARACTERS: Final = 2048

LOCAL_ONLY: Final = "only for stacks with AllowLocalUpstreams=true"
"""Ends a message on what only such stacks may have."""

_HOST: Final = re.compile(r"[a-z0-9._-]+|\[[0-9a-f:.]+\]", re.IGNORECASE)
_URL: Final = re.compile(
    rf"""
    (?P<scheme>https?)://
    (?P<host>{_HOST.pattern})
    (?::(?P<port>[0-9]{{1,5}}))?
    (?P<path>(?:/(?:[a-z0-9/._~!$&'()*+,;=:@-]|%[0-9a-f]{{2}})*)?)
    """,
    re.IGNORECASE | re.VERBOSE,
)
_LABEL: Final = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_NAME: Final = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
"""A host name. DNS has no underscore in host names, but containers have it in theirs."""
_ENDS_IN_A_NUMBER: Final = re.compile(r"(?:.*\.)?(?:[0-9]+|0x[0-9a-f]*)")
"""What resolvers may read as an IPv4 address in an old form, such as 127.1 or 0x7f000001."""

_PUBLIC_V6: Final = IPv6Network("2000::/3")
"""All addresses that are given out for public use so far."""
_NOT_PUBLIC: Final = (
    IPv4Network("192.0.0.0/24"),  # protocols; a few of it are global
    IPv4Network("192.88.99.0/24"),  # relays of 6to4
    IPv6Network("2001::/23"),  # protocols; a few of it are global
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("3fff::/20"),  # documentation
)
"""Networks that some release of `ipaddress` calls global although no upstream can be there."""

_MAPPED, _COMPATIBLE = IPv6Network("::ffff:0:0/96"), IPv6Network("::/96")
_NAT64, _SIX_TO_FOUR, _TEREDO = IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16"), IPv6Network("2001::/32")
_V4_INSIDE: Final = {_MAPPED: (0,), _COMPATIBLE: (0,), _NAT64: (0,), _SIX_TO_FOUR: (80,), _TEREDO: (64, 0)}
"""Networks whose addresses hold IPv4 addresses, and how many bits follow each. Teredo's hold a server's and a client's."""
_ALL_BITS: Final = 2**32 - 1


def is_public(address: str) -> bool:
    """Say whether a text is an address of the public internet."""
    parsed = _parsed(address)
    return parsed is not None and _is_public(parsed)


def _is_public(address: IPv4Address | IPv6Address) -> bool:
    if isinstance(address, IPv6Address):
        if inside := tuple(_v4_inside(address)):
            return all(_is_public(each) for each in inside)
        if address not in _PUBLIC_V6:
            return False
    # `ipaddress` calls many multicast addresses global: they reach far, but they belong to no host.
    return address.is_global and not address.is_multicast and not any(address in network for network in _NOT_PUBLIC)


def _v4_inside(address: IPv6Address) -> Iterator[IPv4Address]:
    for network, shifts in _V4_INSIDE.items():
        if address in network:
            for shift in shifts:
                bits = int(address) >> shift & _ALL_BITS
                # Teredo writes the client's address with every bit inverted.
                yield IPv4Address(bits ^ _ALL_BITS if network is _TEREDO and not shift else bits)


def normal_url(text: str) -> str:
    """Return the base URL of an upstream without a slash at the end, scheme and host in lower case.

    Raises:
        ValueError: it is no such URL; the error quotes nothing of it, since a password may stand in it.
    """
    if len(text) > MAX_URL_CHARACTERS:
        raise ValueError(f"at most {MAX_URL_CHARACTERS} characters")
    if not text.isascii():
        raise ValueError("only ASCII is expected: other letters of a host are written in punycode (xn--…), those of a path as %…")
    url = _URL.fullmatch(text)
    if url is None:
        raise ValueError(
            "an absolute http or https URL is expected: a host, perhaps a port and a path, but no user, query or fragment"
        )
    host, port = url["host"].lower(), url["port"] or ""
    if problem := _problem_of_host(host) or _problem_of_port(port):
        raise ValueError(problem)
    return f"{url['scheme'].lower()}://{host}{port and f':{int(port)}'}{url['path'].rstrip('/')}"


def why_local(url: str) -> Iterator[str]:
    """Yield the reasons why only stacks with local upstreams may call a URL; nothing if every stack may.

    Args:
        url: one that :func:`normal_url` has returned.
    """
    scheme, _, rest = url.partition("://")
    if scheme != "https":
        yield f"{scheme} is {LOCAL_ONLY}; use https"
    host = _HOST.match(rest)
    name = host[0].strip("[]") if host else ""
    if name == "localhost" or name.endswith(".localhost") or (_parsed(name) and not is_public(name)):
        yield f"{name} is not a public address, and so {LOCAL_ONLY}"


def _problem_of_host(host: str) -> str:
    if _ENDS_IN_A_NUMBER.fullmatch(host):
        plain = isinstance(_parsed(host), IPv4Address)
        return "" if plain else "a host that ends in a number has to be a plain IPv4 address, such as 192.0.2.1"
    if host.startswith("["):
        return "" if isinstance(_parsed(host[1:-1]), IPv6Address) else "an IPv6 address is expected in [ ]"
    return "" if _NAME.fullmatch(host) else "the host is no name that can be looked up"


def _problem_of_port(port: str) -> str:
    return "" if not port or 0 < int(port) < 2**16 else "a port is a number from 1 to 65535"


def _parsed(address: str) -> IPv4Address | IPv6Address | None:
    try:
        return ip_address(address)
    except ValueError:
        return None
