import re

import pytest

from kerasrecipes.report.svg import inline
from tests.report.drawn import ids

HEAD = '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '


def svg(inside: str, attributes: str = 'viewBox="0 0 9 9"') -> str:
    return f"{HEAD}{attributes}>{inside}</svg>"


def test_ids_take_the_prefix_and_every_reference_follows():
    drawn = svg(
        '<defs><clipPath id="p1"><rect/></clipPath><path id="m1" d="M0 0"/></defs>'
        '<use xlink:href="#m1" style="fill: url(#p1)"/><g clip-path="url(#p1)"/>'
    )
    result = inline(drawn, "costs")
    assert ids(result) == ["costs--1", "costs--2"]
    assert result.count("url(#costs--1)") == 2
    assert 'href="#costs--2"' in result


def test_ids_without_a_reference_are_dropped():
    assert ids(inline(svg('<g id="axes_1"/>'), "costs")) == []


def test_a_reference_to_nothing_does_not_reach_into_the_page():
    assert 'href="#"' in inline(svg('<use href="#elsewhere"/>'), "costs")


def test_text_that_looks_like_markup_stays_text():
    text = 'id="m1" url(#m1) &lt;/style&gt; &amp;'
    result = inline(svg(f'<path id="m1"/><use href="#m1"/><text>{text}</text>'), "costs")
    assert f"<text>{text}</text>" in result


def test_inlining_twice_changes_nothing():
    drawn = svg(
        '<path id="a" d="M0.12345 1"/><use href="#a"/><text style="font: 9px Arial">x</text>'
    )
    once = inline(drawn, "costs")
    assert inline(once, "costs") == once


def test_style_sheets_comments_and_metadata_are_removed():
    drawn = svg("<style>*{fill:red}</style><metadata>date</metadata><!-- hello --><path d='M0 0'/>")
    result = inline(drawn, "costs")
    assert not re.search("style|metadata|date|hello", result)
    assert "<path" in result


def test_the_fixed_size_gives_way_to_the_view_box():
    result = inline(svg("", 'width="360pt" height="200pt" viewBox="0 0 360 200"'), "costs")
    assert 'viewBox="0 0 360 200"' in result
    assert " width=" not in result
    assert " height=" not in result


@pytest.mark.parametrize(
    "style",
    ["font-size: 10px; font-family: 'DejaVu Sans', serif", "font: 10px 'DejaVu Sans', serif"],
)
def test_text_keeps_its_size_and_takes_the_font_of_the_page(style):
    assert '<text font-size="10px">' in inline(svg(f'<text style="{style}">x</text>'), "a")


def test_coordinates_are_rounded_to_hundredths_of_a_point():
    assert 'd="M 1.23 -4.57 L 5 6.5"' in inline(svg('<path d="M 1.23456 -4.5678 L 5 6.5"/>'), "a")


def test_a_figure_drawn_as_paths_of_matplotlib_is_accepted():
    glyph = '<g transform="scale(0.01 -0.01)"><use xlink:href="#g1"/></g>'
    assert "scale(0.01 -0.01)" in inline(svg(f'<defs><path id="g1"/></defs>{glyph}'), "a")


@pytest.mark.parametrize(
    ("drawn", "message"),
    [
        (svg("<script>alert(1)</script>"), "only draw. Received: <script>"),
        (svg("<foreignObject/>"), "only draw. Received: <foreignObject>"),
        (svg("<a href='https://example.org'/>"), "only draw. Received: <a>"),
        (svg("<animate/>"), "only draw. Received: <animate>"),
        (svg("<g onclick='alert(1)'/>"), "no scripts. Received: onclick="),
        (svg("", 'viewBox="0 0 1 1" onload="alert(1)"'), "no scripts. Received: onload="),
        (svg("<image href='https://example.org/x.png'/>"), "Received: href='https://example.org"),
        (svg("<use xlink:href='other.svg#a'/>"), "Received: href='other.svg#a'"),
        (svg("<image href='data:text/html,x'/>"), "Received: href='data:text/html,x'"),
        (svg("<g style='fill: url(https://example.org)'/>"), "Received: style='fill: url"),
        (svg("<g>"), "well-formed XML. Received: mismatched tag"),
        ("no markup", "well-formed XML. Received: syntax error"),
        (svg("", "width='1'"), "a `viewBox`.*Received: <svg> in the figure 'costs'"),
        ("<html viewBox='0 0 1 1'/>", "an <svg> root.*Received: <html>"),
        ('<!DOCTYPE svg [<!ENTITY a "b">]>' + svg(""), "not define entities"),
    ],
)
def test_what_does_more_than_draw_is_refused(drawn, message):
    with pytest.raises(ValueError, match=message):
        inline(drawn, "costs")
