"""Telling endpoints of push services from all other URLs."""

import pytest

from pushhub.outgoing.push_endpoints import PushEndpointError, push_endpoint

FORM = "an https URL with a host and a path is expected, without a user, a port, a fragment or steps of dots"
HOST = "its host is not one of the known push services"


@pytest.mark.parametrize(
    "url",
    [
        "https://fcm.googleapis.com/fcm/send/dpH5lCsTSSM:APA91bHqjZxM0VImWWqDRN7U0a3AycjUf4O-byuxb_wJsKRaKvV",
        "https://updates.push.services.mozilla.com/wpush/v2/gAAAAABk",
        "https://autopush.stage.push.services.mozilla.com/wpush/v1/a=b~c",
        "https://web.push.apple.com/QGUQGz",
        "https://wns2-par02p.notify.windows.com/w/?token=BQYAAA%3d%3d&b=/c?d",
        "https://web.push.apple.com/...",
        "https://web.push.apple.com/a..b/.c",
    ],
)
def test_endpoints_of_known_services_are_taken_as_they_are(url: str) -> None:
    assert push_endpoint(url).url == url
    assert url.startswith(push_endpoint(url).origin + "/")


def test_scheme_and_host_are_written_in_lower_case_and_the_path_as_it_is() -> None:
    assert push_endpoint("HTTPS://Web.Push.APPLE.com/Ab").url == "https://web.push.apple.com/Ab"


@pytest.mark.parametrize(
    "url",
    [
        *("", "a", "https://", "https:///a", "https://web.push.apple.com", "//web.push.apple.com/a", "web.push.apple.com/a"),
        *(
            "http://web.push.apple.com/a",
            "ftp://web.push.apple.com/a",
            "https:/web.push.apple.com/a",
            "https:\\\\web.push.apple.com/a",
        ),
        *("https://web.push.apple.com:443/a", "https://web.push.apple.com:/a", "https://web.push.apple.com./a"),
        *("https://u@web.push.apple.com/a", "https://u:p@web.push.apple.com/a", "https://example.com@web.push.apple.com/a"),
        *(
            "https://web.push.apple.com@example.com/a",
            "https://web.push.apple.com\\@example.com/a",
            "https://web.push.apple.com%2f@e.com/a",
        ),
        *("https://web.push.apple.com/a#b", "https://example.com#.push.apple.com/a", "https://example.com\\.push.apple.com/a"),
        *(
            "https://web.push.apple.com/../a",
            "https://web.push.apple.com/a/..",
            "https://web.push.apple.com/./a",
            "https://web.push.apple.com/.",
        ),
        *(
            "https://web.push.apple.com/%2e%2E/a",
            "https://web.push.apple.com/.%2e",
            "https://web.push.apple.com/..?a",
            "https://web.push.apple.com/%2e",
        ),
        *(
            "https://web.push.apple.com/a b",
            "https://web.push.apple.com/a\n",
            "\nhttps://web.push.apple.com/a",
            "https://web.push.apple.com/\0",
        ),
        *(
            "https://web.push.apple.com/a\r\nx: y",
            "https://web.push.apple.com/я",
            "https://web.push.appl\u0435.com/a",
            "https://web.push.apple.com/%",
        ),
        *(
            "https://web.push.apple.com/%zz",
            "https://web。push.apple.com/a",
            "https://-.push.apple.com/a",
            "https://.push.apple.com/a",
        ),
        *(
            "https://a..push.apple.com/a",
            "https://a_b.push.apple.com/a",
            "https://[::1]/a",
            "https://localhost/a",
            "https://ⓦeb.push.apple.com/a",
        ),
        "https://web.push.apple.com/" + "a" * 2048,
        "https://" + "a" * 64 + ".push.apple.com/a",
        "https://web.push.apple.com/\ud800",
    ],
)
def test_what_is_not_of_the_plain_form_is_refused(url: str) -> None:
    with pytest.raises(PushEndpointError) as refused:
        push_endpoint(url)
    assert str(refused.value) == FORM


@pytest.mark.parametrize(
    "url",
    [
        *(
            "https://example.com/a",
            "https://push.apple.com/a",
            "https://push.apple.com.example.com/a",
            "https://evilpush.apple.com/a",
        ),
        *("https://web.push.apple.com.example.com/a", "https://fcm.googleapis.com.example.com/a", "https://a.fcm.googleapis.com/a"),
        *(
            "https://notify.windows.com/a",
            "https://xnotify.windows.com/a",
            "https://127.0.0.1/a",
            "https://169.254.169.254/latest/meta-data",
        ),
    ],
)
def test_other_hosts_are_refused(url: str) -> None:
    with pytest.raises(PushEndpointError) as refused:
        push_endpoint(url)
    assert str(refused.value) == HOST


def test_more_hosts_can_be_named() -> None:
    more = ("push.example.org", "*.push.example.net")
    for url in ("https://push.example.org/a", "https://a.b.push.example.net/a"):
        assert push_endpoint(url, more).url == url
    for url in ("https://a.push.example.org/a", "https://push.example.net/a"):
        with pytest.raises(PushEndpointError):
            push_endpoint(url, more)
