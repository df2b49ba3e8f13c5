"""Names from data are shown on a terminal, and are no commands to it."""

import io

import pytest
from rich.live import Live
from rich.table import Table

from kerasrecipes.recipe import Said
from kerasrecipes_cli.console import Console
from kerasrecipes_cli.display import Display

NAME = "a\x1b]0;title\x9b2J\u202eb"
SHOWN = r"a\x1b]0;title\x9b2J\u202eb"


@pytest.fixture
def console():
    return Console(file=io.StringIO(), force_terminal=True, width=100, highlight=False)


def test_signs_that_command_a_terminal_are_written_out(console):
    console.print(NAME, markup=False)
    assert console.file.getvalue() == SHOWN + "\n"


def test_the_console_itself_still_draws_in_colours(console):
    console.print("[bold]a[/]\tb")
    assert "\x1b[1ma\x1b[0m" in console.file.getvalue()


def test_tables_that_move_and_events_are_shown_so_too(console):
    table = Table("name")
    table.add_row(NAME)
    with Live(table, console=console, auto_refresh=False), Display(console) as display:
        display(Said(NAME))
    text = console.file.getvalue()
    assert SHOWN in text
    assert text.count(SHOWN[:10]) >= 2  # a cell is cut to the width that it was given
    assert not any(sign in text for sign in "\x9b\u202e")
