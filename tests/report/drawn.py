"""Reads a figure back: its words, its shapes by colour, and where they lie."""

import re
from xml.etree import ElementTree as ET

import numpy as np

from kerasrecipes.report import Figure


def words_of(figure: Figure) -> list[str]:
    """The texts of the figure, in the order in which they are drawn."""
    return ["".join(node.itertext()) for node in _nodes(figure) if _tag(node) == "text"]


def text_position(figure: Figure, text: str) -> tuple[float, float]:
    """Where one text stands, in points."""
    (node,) = [
        node for node in _nodes(figure) if "".join(node.itertext()) == text and node.get("x")
    ]
    return float(node.attrib["x"]), float(node.attrib["y"])


def shapes(figure: Figure, colour: str, *, kind: str = "stroke") -> list[np.ndarray]:
    """The points of each path with that stroke or fill, each of shape `(points, 2)`."""
    return [
        np.array(re.findall(r"(-?[\d.]+) (-?[\d.]+)", node.attrib["d"]), dtype=float)
        for node in _nodes(figure)
        if _tag(node) == "path" and node.get(kind) == colour
    ]


def bars(figure: Figure, colour: str) -> list[float]:
    """The widths of the filled bars of that colour."""
    return [float(np.ptp(points[:, 0])) for points in shapes(figure, colour, kind="fill")]


def ids(markup: str) -> list[str]:
    """Every id in a piece of markup."""
    return re.findall(r'(?<![\w-])id="([^"]*)"', markup)


def _nodes(figure: Figure) -> list[ET.Element]:
    return list(ET.fromstring(figure.image).iter())


def _tag(node: ET.Element) -> str:
    return node.tag.rpartition("}")[2]
