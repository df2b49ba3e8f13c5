"""Text that tries to leave its place in a page, and a reader that says whether it did."""

from html.parser import HTMLParser

from kerasrecipes.data.visible import visible

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</script></style></title></textarea><b>",
    "<!-- --!><!DOCTYPE x>",
    "a\u2028b\u2029c",
    "\x1b[31mred\x07\x00\x9b",
    "exe\u202egnp.\u2066",
    "{{ 7 * 7 }}{% raw %}",
    "&lt;b&gt; &#x202e; ]]> \ud800",
    "' onload='alert(1)",
)
ALL = " | ".join(HOSTILE)
# What a browser must see, and not see.
SEEN = """({
  active: document.querySelectorAll("script, iframe, object, embed, base, form, b, [style]").length,
  strange: document.querySelectorAll("img:not([src^='data:']), link:not([href='data:,'])").length,
  handlers: [...document.querySelectorAll("*")].filter(
    element => [...element.attributes].some(a => a.name.startsWith("on"))).length,
  text: document.body.innerText,
})"""


class Reading(HTMLParser):
    """The tags, attributes, comments and visible text of a page."""

    def __init__(self, html: str):
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.comments: list[str] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_comment(self, data):
        self.comments.append(data)

    def handle_data(self, data):
        self.text += data


def assert_harmless(html: str) -> None:
    """Fails where something in the page is active, a comment, or hidden."""
    read = Reading(html)
    assert not read.tags & {"script", "iframe", "object", "embed", "base", "form", "b"}
    assert not {name for name in read.attributes if name.startswith("on")} | read.attributes & {
        "style"
    }
    assert read.comments == []
    assert visible(html) == html
