"""An SVG picture made fit to stand inside a page: no leaks, no scripts, ids of its own."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

from kerasrecipes.data.visible import visible

_DROPPED = frozenset({"metadata", "style", "title", "desc"})
_ALLOWED = frozenset(
    {"svg", "g", "defs", "symbol", "use", "image", "text", "tspan", "clipPath", "mask", "marker"}
    | {"path", "rect", "circle", "ellipse", "line", "polyline", "polygon"}
    | {"pattern", "linearGradient", "radialGradient", "stop"}
)
_REFERENCE = re.compile(r"url\(\s*['\"]?#([^)'\"]+)['\"]?\s*\)")
# What a `style` may set, each by an attribute of its own.
_PRESENTATION = frozenset(
    {"fill", "fill-opacity", "fill-rule", "opacity", "color", "visibility", "image-rendering"}
    | {"stroke", "stroke-width", "stroke-linecap", "stroke-linejoin", "stroke-opacity"}
    | {"stroke-dasharray", "stroke-dashoffset", "stroke-miterlimit", "clip-path", "mask"}
    | {"font-size", "font-style", "font-weight", "text-anchor", "dominant-baseline"}
    | {"stop-color", "stop-opacity", "marker-start", "marker-mid", "marker-end"}
)
_COORDINATES = frozenset({"d", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "points"})


def inline(svg: str, prefix: str) -> str:
    """Returns the picture as markup for the inside of an HTML page.

    Ids are numbered afresh under `prefix`, and those that nothing refers to are dropped; style
    sheets (which would leak into the page), comments, metadata and the fixed size are removed;
    a `style` becomes attributes, so that the page's policy can refuse every inline style; text
    takes the font of the page, and its invisible signs are written out.
    Passing the result in again gives it back unchanged.

    Args:
        svg: The text of an SVG document.
        prefix: String that starts every id, unique in the page.

    Returns:
        One `<svg>` element.

    Raises:
        ValueError: If the text is not well-formed XML with an `<svg>` root, or if it holds
            scripts, event handlers, unknown elements or links to anything outside itself.

    Example:
    >>> inline('<svg viewBox="0 0 1 1"><g id="axes"/><path id="a" d="M0 0"/>'
    ...        '<use href="#a"/></svg>', "costs").split("<g />")[1]
    '<path id="costs--1" d="M0 0" /><use href="#costs--1" /></svg>'
    """
    root = _parse(svg, prefix)
    _clean(root, prefix)
    _renumber(root, prefix)
    dropped = {"width", "height", "version", *_ROOT}
    own = {name: value for name, value in root.attrib.items() if name not in dropped}
    root.attrib = {**_ROOT, **own}
    return ET.tostring(root, encoding="unicode")


_ROOT = {
    "xmlns": "http://www.w3.org/2000/svg",
    "font-family": "system-ui, sans-serif",
    "stroke-linejoin": "round",
    "stroke-linecap": "butt",
}


def _parse(svg: str, prefix: str) -> ET.Element:
    if "<!ENTITY" in svg:
        raise ValueError(f"An SVG must not define entities. Received: figure {prefix!r}.")
    try:
        root = ET.fromstring(visible(svg.replace("\r\n", "\n")))
    except ET.ParseError as error:
        raise ValueError(
            f"An SVG must be well-formed XML. Received: {error} in the figure {prefix!r}."
        ) from error
    if _local(root.tag) != "svg" or "viewBox" not in root.attrib:
        raise ValueError(
            "An SVG must have an <svg> root with a `viewBox`, or it cannot fit a narrow screen. "
            f"Received: <{_local(root.tag)}> in the figure {prefix!r}."
        )
    return root


def _clean(element: ET.Element, prefix: str) -> None:
    element.tag = _local(element.tag)
    if element.tag not in _ALLOWED:
        raise ValueError(
            f"An SVG in a report must only draw. Received: <{element.tag}> in the figure "
            f"{prefix!r}. Save the picture as PNG instead."
        )
    own = {
        name: value
        for key, text in element.attrib.items()
        if (value := _attribute(name := _local(key), text, prefix))
    }
    settings = _settings(own.pop("style", ""))
    element.attrib = {**own, **settings}
    for child in list(element):
        if _local(child.tag) in _DROPPED:
            element.remove(child)
        else:
            _clean(child, prefix)
    if element.tag not in ("text", "tspan"):
        element.text = None
        for child in element:
            child.tail = None


def _attribute(name: str, value: str, prefix: str) -> str:
    if name.lower().startswith("on"):
        raise ValueError(f"An SVG must have no scripts. Received: {name}= in figure {prefix!r}.")
    if name == "href" and not value.startswith(("#", "data:image/png;base64,")):
        raise ValueError(
            "An SVG must link to nothing outside itself: a report needs no network. "
            f"Received: href={value!r} in the figure {prefix!r}."
        )
    if "url(" in _REFERENCE.sub("", value):
        raise ValueError(
            "An SVG must load nothing from outside itself: a report needs no network. "
            f"Received: {name}={value!r} in the figure {prefix!r}."
        )
    if name == "transform" and value.startswith("rotate(-0 "):
        return ""
    if name in _COORDINATES:
        return re.sub(r"-?\d+\.\d{3,}", lambda number: f"{float(number[0]):.2f}", value).strip()
    return value


def _settings(style: str) -> dict[str, str]:
    """The declarations of a `style` as attributes, less the font's family."""
    kept = {}
    for declaration in re.split(r";\s*", style):
        name, _, setting = declaration.partition(":")
        name, setting = name.strip(), setting.strip()
        if name == "font":
            name, setting = "font-size", " ".join(re.findall(r"[\d.]+px", setting))
        if setting and name in _PRESENTATION:
            kept[name] = setting
    return kept


def _renumber(root: ET.Element, prefix: str) -> None:
    used: set[str] = set()
    for element in root.iter():
        used.update(name for value in element.attrib.values() for name in _REFERENCE.findall(value))
        if element.get("href", "").startswith("#"):
            used.add(element.attrib["href"][1:])
    defined = [element.get("id") for element in root.iter() if element.get("id") in used]
    names = {old: f"{prefix}--{index}" for index, old in enumerate(dict.fromkeys(defined), 1)}
    for element in root.iter():
        for key, value in list(element.attrib.items()):
            if key == "id":
                element.attrib.pop("id")
                if value in names:
                    element.attrib = {"id": names[value], **element.attrib}
            elif key == "href" and value.startswith("#"):
                element.attrib[key] = "#" + names.get(value[1:], "")
            elif "url(" in value:
                element.attrib[key] = _REFERENCE.sub(
                    lambda found: f"url(#{names.get(found[1], '')})", value
                )


def _local(tag: str) -> str:
    return tag.rpartition("}")[2]
