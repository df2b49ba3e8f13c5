"""The table of all rules in the page of the doctor, made from their docstrings."""

from __future__ import annotations

import inspect
import re

from pages.section import put_between

from doctor_bench.page import PAGE
from kerasrecipes.diagnosis.rules import RULES, RUN_RULES, Rule

MARK = "rules"


def rules_table() -> list[str]:
    """A row a rule: the codes of its findings, what it looks at, its sign."""
    lines = ["| findings | from | sign |", "|---|---|---|"]
    for rule in RULES:
        codes = ", ".join(f"`{code}`" for code in codes_of(rule))
        seen = "training" if rule in RUN_RULES else "code and data"
        sign = " ".join((rule.__doc__ or "").strip().splitlines()[0].split())
        lines.append(f"| {codes} | {seen} | {sign} |")
    return lines


def codes_of(rule: Rule) -> list[str]:
    """The codes that stand in its source, in order; by its own name where a helper makes them."""
    places = re.findall(r"Finding\((.*?)cause=", inspect.getsource(rule), re.DOTALL)
    codes = [code for place in places for code in re.findall(r'"([a-z0-9-]+)"', place)]
    return list(dict.fromkeys(codes)) or [rule.__name__.replace("_", "-")]


def write_rules() -> None:
    """Puts the table between its marks, the rest as it was."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(put_between(text, MARK, rules_table()), encoding="utf-8")
