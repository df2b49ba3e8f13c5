"""Who is let in and who is not."""

import pytest

from kerasrecipes.live.guard import Asked, Guard, checked_token, is_loopback

TOKEN = "0123456789abcdef"
HOST = (b"host", b"127.0.0.1:8000")
BY_TOKEN = f"token={TOKEN}".encode()
GUARD = Guard(TOKEN, "127.0.0.1", 8000)
ABROAD = Guard(TOKEN, "0.0.0.0", 8000, ["panda.example", "proxy.example:443"])


def refused(*headers, query=BY_TOKEN, guard=GUARD, method="GET", local=""):
    return guard.refusal(Asked(method, headers, query, local)) is not None


@pytest.mark.parametrize(
    "host", [b"127.0.0.1:8000", b"localhost:8000", b"LOCALHOST:8000", b"[::1]:8000"]
)
def test_names_of_this_machine_are_its_own(host):
    assert not refused((b"host", host))


@pytest.mark.parametrize(
    "host",
    [
        b"evil.example:8000",
        b"127.0.0.1",
        b"127.0.0.1:8001",
        b"localhost.evil.example:8000",
        b"",
        b"\xff",
    ],
)
def test_other_names_are_refused(host):
    assert refused((b"host", host), local="127.0.0.1")
    assert refused()


def test_abroad_allowed_names_and_the_address_itself_are_taken():
    for host in (b"panda.example:8000", b"proxy.example:443", b"10.1.2.3:8000"):
        assert not refused((b"host", host), guard=ABROAD, local="10.1.2.3")
    for host in (b"panda.example", b"proxy.example:8000", b"10.1.2.4:8000", b"evil.example:8000"):
        assert refused((b"host", host), guard=ABROAD, local="10.1.2.3")
    assert not refused((b"host", b"[fe80::1]:8000"), guard=ABROAD, local="fe80::1")


@pytest.mark.parametrize(
    ("origin", "taken"),
    [
        (b"http://127.0.0.1:8000", True),
        (b"https://127.0.0.1:8000", True),
        (b"http://localhost:8000", False),  # another origin than the page's
        (b"http://127.0.0.1:8001", False),
        (b"https://evil.example", False),
        (b"null", False),
        (b"", False),
    ],
)
def test_only_the_page_itself_may_ask(origin, taken):
    assert refused(HOST, (b"origin", origin)) is not taken


def test_a_browser_that_posts_from_another_site_is_refused():
    assert refused(HOST, (b"sec-fetch-site", b"cross-site"), method="POST")
    assert not refused(HOST, (b"sec-fetch-site", b"same-origin"), method="POST")
    assert not refused(HOST, (b"sec-fetch-site", b"cross-site"))  # a link to the page


@pytest.mark.parametrize(
    ("query", "header"),
    [
        (BY_TOKEN, (b"x", b"")),
        (b"a=1&token=wrong&" + BY_TOKEN, (b"x", b"")),
        (b"", (b"authorization", f"Bearer {TOKEN}".encode())),
        (b"", (b"authorization", f"bearer  {TOKEN} ".encode())),
        (b"", (b"cookie", f"a=b; kerasrecipes-8000={TOKEN};c".encode())),
    ],
)
def test_the_token_is_taken_from_three_places(query, header):
    assert not refused(HOST, header, query=query)


@pytest.mark.parametrize(
    ("query", "header"),
    [
        (b"", (b"x", b"")),
        (b"token=", (b"x", b"")),
        (b"token=" + TOKEN[:-1].encode(), (b"x", b"")),
        (b"token=%FF%FEcaf%C3%A9", (b"x", b"")),
        (b"token=\xff\xfe", (b"x", b"")),
        (b"&".join([b"a=1"] * 30) + b"&" + BY_TOKEN, (b"x", b"")),
        (b"", (b"authorization", TOKEN.encode())),
        (b"", (b"authorization", f"Basic {TOKEN}".encode())),
        (b"", (b"authorization", b"Bearer \xe9")),
        (b"", (b"cookie", f"kerasrecipes-8001={TOKEN}".encode())),
        (b"", (b"cookie", b"\xff=\xff;;=;kerasrecipes-8000")),
    ],
)
def test_without_it_nobody_gets_in(query, header):
    assert refused(HOST, header, query=query)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [
        ("127.0.0.1", True),
        ("127.9.9.9", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("10.0.0.1", False),
        ("panda.example", False),
        ("localhost.evil.example", False),
    ],
)
def test_what_others_reach_needs_a_token_of_ones_own(host, loopback):
    assert is_loopback(host) is loopback
    if loopback:
        assert len(checked_token(None, host)) >= 43
        assert checked_token(None, host) != checked_token(None, host)
    else:
        with pytest.raises(ValueError, match=f"`token` must be given.*host='{host}', token=None"):
            checked_token(None, host)
    assert checked_token(TOKEN, host) == TOKEN


@pytest.mark.parametrize(
    "token", ["", "short", "a" * 15, "a" * 201, "a" * 20 + "é", "a b" * 9, 7, "&" * 20]
)
def test_a_token_that_is_none_is_refused_and_not_shown(token):
    with pytest.raises(ValueError, match="`token` must be 16 to 200 letters"):
        checked_token(token, "127.0.0.1")
