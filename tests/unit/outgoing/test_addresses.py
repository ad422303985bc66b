"""Telling public addresses from others, and URLs that may be an upstream's from those that may not."""

import re
import socket
from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pushhub.outgoing.addresses import MAX_URL_CHARACTERS, is_public, normal_url, why_local

ANY_URL = "an absolute http or https URL is expected: a host, perhaps a port and a path, but no user, query or fragment"
A_NUMBER = "a host that ends in a number has to be a plain IPv4 address, such as 192.0.2.1"
ONLY_ASCII = "only ASCII is expected: other letters of a host are written in punycode (xn--…), those of a path as %…"
NO_NAME = "the host is no name that can be looked up"
NO_PORT = "a port is a number from 1 to 65535"

PRIVATE_V4 = (
    *("0.0.0.0", "0.1.2.3", "10.0.0.1", "100.64.0.1", "127.0.0.1", "127.255.255.254", "169.254.169.254", "169.254.170.2"),
    *("172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.0.9", "192.0.0.170", "192.0.2.1", "192.88.99.1", "192.168.0.1"),
    *("198.18.0.1", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"),
)
PUBLIC_V4 = ("1.1.1.1", "8.8.8.8", "9.255.255.255", "100.63.255.255", "100.128.0.1", "172.15.0.1", "172.32.0.1", "223.255.255.255")


def carriers_of(address: str) -> list[str]:
    """Give the forms of IPv6 that carry an IPv4 address: mapped, compatible, NAT64, 6to4 and Teredo."""
    bits = int(IPv4Address(address))
    public = int(IPv4Address("8.8.8.8"))
    numbers = (
        0xFFFF << 32 | bits,
        bits,
        0x0064_FF9B << 96 | bits,
        0x2002 << 112 | bits << 80,
        0x2001_0000 << 96 | bits << 64 | public ^ 0xFFFF_FFFF,
        0x2001_0000 << 96 | public << 64 | bits ^ 0xFFFF_FFFF,
    )
    return [str(IPv6Address(number)) for number in numbers]


@pytest.mark.parametrize("address", PRIVATE_V4)
def test_an_address_that_nobody_on_the_internet_has_is_not_public_in_any_form(address: str) -> None:
    assert not is_public(address)
    assert not [form for form in carriers_of(address) if is_public(form)]


@pytest.mark.parametrize("address", PUBLIC_V4)
def test_a_public_address_is_public_in_every_form(address: str) -> None:
    assert is_public(address)
    assert [form for form in carriers_of(address) if not is_public(form)] == []


@pytest.mark.parametrize(
    "address",
    [
        *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "100::1"),
        *("64:ff9b:1::1", "2001:2::1", "2001:10::1", "2001:20::1", "2001:db8::1", "3fff::1", "4000::1", "5f00::1"),
        *("::ffff:0:127.0.0.1", "::ffff:0:8.8.8.8"),
    ],
)
def test_an_ipv6_address_outside_of_what_is_given_out_is_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["2001:4860:4860::8888", "2606:4700:4700::1111", "2a00:1450:4001::1", "2001:4860::1%eth0"])
def test_an_ipv6_address_that_is_given_out_is_public(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "text", ["", "localhost", "example.com", "8.8.8", "8.8.8.8.", "08.8.8.8", "8.8.8.8:443", "[::1]", " 8.8.8.8"]
)
def test_what_is_no_address_is_not_public(text: str) -> None:
    assert not is_public(text)


@given(st.ip_addresses(v=4))
def test_an_ipv4_address_is_judged_alike_in_every_form(address: IPv4Address) -> None:
    assert {is_public(form) for form in carriers_of(str(address))} == {is_public(str(address))}


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("https://example.com", "https://example.com"),
        ("https://example.com/", "https://example.com"),
        ("https://example.com//", "https://example.com"),
        ("HTTPS://Example.COM:0443/Base/Path/", "https://example.com:443/Base/Path"),
        ("http://127.0.0.1:8090", "http://127.0.0.1:8090"),
        ("http://localhost", "http://localhost"),
        ("http://[::1]:8090/a", "http://[::1]:8090/a"),
        ("https://[::FFFF:8.8.8.8]", "https://[::ffff:8.8.8.8]"),
        ("https://xn--e1afmkfd.xn--p1ai/a%20b", "https://xn--e1afmkfd.xn--p1ai/a%20b"),
        ("http://my_container:8080", "http://my_container:8080"),
        ("https://1and1.example", "https://1and1.example"),
        (f"https://a/{'p' * (MAX_URL_CHARACTERS - 10)}", f"https://a/{'p' * (MAX_URL_CHARACTERS - 10)}"),
    ],
)
def test_a_base_url_loses_its_last_slash_and_the_case_of_its_host(text: str, url: str) -> None:
    assert normal_url(text) == url
    assert normal_url(url) == url


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        *(
            (text, ANY_URL)
            for text in ("", "example.com", "//example.com", "/base", "ftp://a", "https:a", "https://", "https:///a")
        ),
        *(
            (text, ANY_URL)
            for text in ("https://user@a", "https://user:secret@a", "https://a?b", "https://a#b", "https://a/?", "https://a/b#")
        ),
        *((text, ANY_URL) for text in (" https://a", "https://a ", "https://a\n", "https://a\tb", "https://a\\b", "https://a/ b")),
        *((text, ANY_URL) for text in ("https://a:", "https://a:b", "https://a:-1", "https://a/%", "https://a/%zz", "https://%61")),
        *((text, ANY_URL) for text in ("https://[::1", "https://::1", "https://[fe80::1%25eth0]", "https://[v1.a]", "https://[]")),
        ("https://[1.2.3.4]", "an IPv6 address is expected in [ ]"),
        ("https://[1:2]", "an IPv6 address is expected in [ ]"),
        ("https://a:0", NO_PORT),
        ("https://a:65536", NO_PORT),
        *((f"http://{host}", A_NUMBER) for host in ("127.1", "0x7f000001", "2130706433", "017700000001", "127.0.0.01", "0x7f.1")),
        *((f"http://{host}", A_NUMBER) for host in ("1.2.3", "1.2.3.4.5", "256.1.1.1", "a.0x", "a.1", "127.0.0.0X1", "0")),
        *((f"https://{host}", NO_NAME) for host in ("a.", "127.0.0.1.", ".a", "a..b", "-a", "a-", "a.-b.c", "a" * 64, ".")),
        ("https://" + ".".join(["a" * 63] * 4), NO_NAME),
        ("https://пример.рф", ONLY_ASCII),
        ("https://\uff11\uff12\uff17.0.0.1", ONLY_ASCII),
        (f"https://a/{'p' * (MAX_URL_CHARACTERS - 9)}", "at most 2048 characters"),
    ],
)
def test_what_is_no_base_url_is_refused_without_showing_it(text: str, problem: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(problem)}$"):
        normal_url(text)


hosts = st.text(st.sampled_from("0123456789xXabf."), min_size=1, max_size=12)


@given(hosts)
def test_a_host_that_resolvers_take_for_an_address_is_refused_or_plainly_that_address(host: str) -> None:
    try:
        url = normal_url(f"http://{host}")
    except ValueError:
        return
    try:
        resolved = socket.inet_ntoa(socket.inet_aton(host))
    except OSError:
        return
    assert url == f"http://{resolved}"


@pytest.mark.parametrize(
    "url", ["https://example.com", "https://8.8.8.8:8443/a", "https://[2606:4700:4700::1111]", "https://a.internal"]
)
def test_https_to_a_name_or_a_public_address_is_for_every_stack(url: str) -> None:
    assert list(why_local(url)) == []


def test_http_is_for_stacks_with_local_upstreams() -> None:
    assert list(why_local("http://example.com")) == ["http is only for stacks with AllowLocalUpstreams=true; use https"]


@pytest.mark.parametrize(
    "host", ["localhost", "a.localhost", "127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "::ffff:10.0.0.1", "ff02::1"]
)
def test_an_address_that_is_not_public_is_for_stacks_with_local_upstreams(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    (why,) = why_local(f"https://{written}:8090/a")
    assert why == f"{host} is not a public address, and so only for stacks with AllowLocalUpstreams=true"
    assert len(list(why_local(f"http://{written}"))) == 2
