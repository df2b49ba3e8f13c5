"""The self-contained HTML report: plain content, figures, and one file that needs no network.

A report is built from plain frozen values, the answer first: a `Page` of `Fact` cards and
`Section`s, each a sequence of `Table`, `Figure` and `Findings`. The functions in `figures` draw
plain arrays as `Figure`s; `render` turns a page into HTML and `write` puts it on disk whole or
not at all.
"""

from kerasrecipes.report import figures
from kerasrecipes.report.bias_variance import bias_variance_facts, bias_variance_ladder
from kerasrecipes.report.content import Fact, Figure, Findings, Page, Section, Table
from kerasrecipes.report.diagnosis import diagnosis_facts, diagnosis_section
from kerasrecipes.report.page import render, write

__all__ = [
    "Fact",
    "Figure",
    "Findings",
    "Page",
    "Section",
    "Table",
    "bias_variance_facts",
    "bias_variance_ladder",
    "diagnosis_facts",
    "diagnosis_section",
    "figures",
    "render",
    "write",
]
