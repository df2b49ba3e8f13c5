import ast
import base64
import errno
import hashlib
import os
import re
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path

import pytest

import kerasrecipes.report
from kerasrecipes.report import Fact, Figure, Findings, Page, Section, Table, figures, render, write
from tests.report.drawn import ids
from tests.report.sample_page import Remark, sample_page

EVIL = """<script>alert("1")</script>'</style>&amp;{{ 7 * 7 }}"""
SVG = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9"><path d="M0 0"/></svg>'
PNG = b"\x89PNG\r\n\x1a\n and so on"


class Reader(HTMLParser):
    """Collects the tags, their attributes, and the text outside of styles."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.texts = [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.texts.append(data)

    def values(self, tag, attribute):
        return [attributes.get(attribute) for name, attributes in self.tags if name == tag]


@pytest.fixture(scope="module")
def sample():
    return render(sample_page())


def evil_page():
    svg = figures.confusion_matrix([[1, 2], [3, 4]], [EVIL, "b"], name="matrix").image
    steps = figures.cost_curves([(EVIL, [2, 1], [2, 1])])
    table = Table((EVIL,), [(EVIL,)], EVIL)
    finding = Remark(EVIL, "error", EVIL, {EVIL: EVIL}, EVIL, EVIL)
    body = (table, Figure("a", svg, EVIL, EVIL), Figure("b", PNG, EVIL, EVIL), steps,
            Findings((finding,)), Findings((), EVIL))  # fmt: skip
    sections = (Section(EVIL, EVIL, body), Section(EVIL))
    return Page(EVIL, EVIL, (Fact(EVIL, EVIL, EVIL),), sections, EVIL)


def test_markup_in_every_text_stays_text():
    page = Reader(render(evil_page()))
    plain = Reader(render(evil_page()).replace("alert", "x"))
    assert "script" not in dict(page.tags)
    assert len(page.values("style", "media")) == 1
    assert len(page.tags) == len(plain.tags)
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    # Title, heading and subtitle; 3 of the fact, 2 of the contents, 2 headings and a paragraph,
    # 3 of the table, 2 captions, 6 of the finding, the empty findings, and the footer.
    assert "".join(page.texts).count(EVIL) == 3 + 3 + 2 + 3 + 3 + 2 + 6 + 2


def test_markup_in_alternative_texts_stays_in_its_attribute():
    page = Reader(render(evil_page()))
    assert EVIL in page.values("svg", "aria-label")
    assert EVIL in page.values("img", "alt")
    assert EVIL in page.values("div", "aria-label")


def test_the_page_forbids_itself_every_network_request(sample):
    policy = [a["content"] for tag, a in Reader(sample).tags if a.get("http-equiv")]
    sheet = sample.partition("<style>")[2].partition("</style>")[0]
    digest = base64.b64encode(hashlib.sha256(sheet.encode()).digest()).decode()
    assert policy == [
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; "
        "base-uri 'none'; form-action 'none'"
    ]
    assert "style=" not in sample


def test_the_page_names_no_address_but_its_own_anchors(sample):
    links = [value for tag, attributes in Reader(sample).tags for key, value in attributes.items()
             if key in ("href", "src", "xlink:href", "action", "srcset")]  # fmt: skip
    assert links
    assert all(link.startswith(("#", "data:")) for link in links)
    assert not re.search(r"url\((?!#)|@import|<script|<iframe|<object", sample)
    assert set(re.findall(r"https?://[\w./]+", sample)) == {"http://www.w3.org/2000/svg"}


def test_every_id_is_unique_and_every_anchor_leads_somewhere(sample):
    found = ids(sample)
    assert len(found) == len(set(found))
    anchors = re.findall(r'href="#([^"]*)"', sample) + re.findall(r"url\(#([^)]*)\)", sample)
    assert len(anchors) > 20
    assert set(anchors) <= set(found)


def test_the_answer_comes_before_everything_else(sample):
    assert sample.index("Test error") < sample.index("<nav") < sample.index("<h2")


def test_the_contents_list_every_section(sample):
    page = sample_page()
    contents = sample[sample.index("<nav") : sample.index("</nav>")]
    assert re.findall(r'href="#section-\d+">([^<]*)<', contents) == [
        section.title for section in page.sections
    ]


def test_a_page_of_one_section_has_no_contents():
    assert "<nav" not in render(Page("title", sections=(Section("only"),)))


def test_the_page_says_its_language_and_fits_a_phone(sample):
    page = Reader(sample)
    assert ("html", {"lang": "en"}) in page.tags
    assert "width=device-width, initial-scale=1" in page.values("meta", "content")


def test_every_figure_is_named_and_described(sample):
    page = Reader(sample)
    drawn = [block for section in sample_page().sections for block in section.body
             if isinstance(block, Figure)]  # fmt: skip
    assert page.values("figure", "id") == [f"figure-{figure.name}" for figure in drawn]
    assert page.values("svg", "aria-label") == [figure.alt for figure in drawn]
    assert set(page.values("svg", "role")) == {"img"}


def test_figures_that_follow_each_other_share_a_grid():
    drawn = [Figure(name, SVG, "", "alt") for name in "abc"]
    html = render(Page("t", sections=(Section("s", body=(*drawn[:2], Table((), ()), drawn[2])),)))
    assert html.count('<div class="figures">') == 2


@pytest.mark.parametrize(
    ("width", "wide", "classes"),
    [(331, False, None), (331, True, "wide"), (662, False, None), (662, True, "wide broad")],
)
def test_a_picture_drawn_broad_gets_the_room_of_the_page(width, wide, classes):
    svg = SVG.replace("0 0 9 9", f"0 0 {width} 200")
    drawn = Figure("a", svg, "", "alt", wide)
    html = render(Page("t", sections=(Section("s", body=(drawn,)),)))
    assert Reader(html).values("figure", "class") == [classes]


def test_a_png_is_carried_inside_the_page():
    html = render(Page("t", sections=(Section("s", body=(Figure("a", PNG, "", "alt"),)),)))
    assert '<img src="data:image/png;base64,iVBORw0KGgogYW5kIHNvIG9u" alt="alt">' in html


def test_a_table_shows_alignment_highlight_and_long_text():
    table = Table(("n", "why"), [(1, "w" * 25), (2, "short")], highlight=(1,))
    html = render(Page("t", sections=(Section("s", body=(table,)),)))
    assert '<td class="right short">1</td>' in html
    assert f'<td class="left long">{"w" * 25}</td>' in html
    assert re.search(r'<tr class="highlight">\s*<td class="right short">2</td>', html)


def test_an_empty_table_says_so():
    html = render(Page("t", sections=(Section("s", body=(Table(("a", "b"), []),)),)))
    assert '<td class="none" colspan="2">No rows.</td>' in html


def test_findings_show_severity_evidence_and_advice():
    found = Findings(
        (Remark("dead-units", "error", "hidden", {"share": 0.61234, "n": 3}, "Use He."),)
    )
    html = render(Page("t", sections=(Section("s", body=(found,)),)))
    for text in ("dead-units", ">error<", "in hidden", "share = 0.6123", "n = 3", "Use He."):
        assert text in html


@pytest.mark.parametrize(
    ("tone", "word"), [("good", "good"), ("warn", "watch"), ("bad", "problem")]
)
def test_a_tone_is_said_in_words_too(tone, word):
    html = render(Page("t", answer=(Fact("Bias", "1 %", tone=tone),)))
    assert f'<span class="tone">{word}</span>' in html


def test_a_page_renders_the_same_each_time(sample):
    assert render(sample_page.__wrapped__()) == sample


def test_the_template_and_its_style_lie_in_the_package():
    names = {file.name for file in resources.files(kerasrecipes.report).iterdir()}
    assert {"page.html.j2", "page.css"} <= names


def test_write_replaces_the_file_and_leaves_nothing_beside_it(tmp_path):
    path = tmp_path / "report.html"
    path.write_text("old")
    assert write(Page("new title"), str(path)) == path
    assert "new title" in path.read_text(encoding="utf-8")
    assert os.listdir(tmp_path) == ["report.html"]


def test_write_makes_a_file_with_the_usual_permissions(tmp_path):
    (tmp_path / "other").write_text("")
    path = write(Page("t"), tmp_path / "report.html")
    assert path.stat().st_mode == (tmp_path / "other").stat().st_mode


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, step):
    path = tmp_path / "report.html"
    path.write_text("old")

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, step, full)
    with pytest.raises(OSError, match="No space left on device"):
        write(Page("t"), path)
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["report.html"]


def test_write_into_a_missing_directory_fails_plainly(tmp_path):
    with pytest.raises(FileNotFoundError):
        write(Page("t"), tmp_path / "nowhere" / "report.html")


def test_text_that_is_no_unicode_can_be_written(tmp_path):
    path = write(Page("name \udcff of a file"), tmp_path / "report.html")
    assert r"name \udcff of a file" in path.read_text(encoding="utf-8")


def test_importing_the_report_loads_nothing_heavy():
    files = list(Path(kerasrecipes.report.__file__).parent.rglob("*.py"))
    assert len(files) > 10
    for file in files:
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.Import | ast.ImportFrom):
                text = ast.unparse(node)
                assert not re.search(r"(import|from) (matplotlib|jinja2|markupsafe|scipy)", text), (
                    file,
                    text,
                )


def test_nothing_draws_through_pyplot():
    for file in Path(kerasrecipes.report.__file__).parent.rglob("*.py"):
        assert not re.search(r"(import|\.)\s*pyplot", file.read_text(encoding="utf-8")), file


def test_no_line_ends_between_a_number_and_its_percent_sign():
    html = render(Page("a %", answer=(Fact("Test error", "1.4 %", note="95 % interval"),)))
    assert "1.4\u00a0%" in html
    assert "95\u00a0% interval" in html
    assert "<h1>a %</h1>" in html
