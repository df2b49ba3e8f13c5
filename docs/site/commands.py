"""The help of every command as a page, made from the command line itself when the site is built."""

from __future__ import annotations

from typing import Any

import typer
from mkdocs.structure.files import File, Files

from kerasrecipes_cli import app


def on_files(files: Files, config: Any) -> Files:
    """Adds `api/command-line.md`."""
    files.append(File.generated(config, "api/command-line.md", content=page()))
    return files


def page() -> str:
    """The commands with their arguments and options, in the order of `kerasrecipes --help`."""
    group: Any = typer.main.get_command(app)
    parts = ["# Command line", _paragraphs(group.help), _paragraphs(group.epilog)]
    parts += [_command(name, command) for name, command in group.commands.items()]
    return "\n\n".join(parts) + "\n"


def _command(name: str, command: Any) -> str:
    arguments = [p for p in command.params if p.param_type_name == "argument"]
    options = [p for p in command.params if p.param_type_name == "option" and not p.hidden]
    usage = " ".join(["kerasrecipes", name, *(p.metavar or p.name.upper() for p in arguments)])
    parts = [f"## {name}", f"`{usage}`", _paragraphs(command.help)]
    rows = [(f"`{p.metavar or p.name.upper()}`", getattr(p, "help", "")) for p in arguments]
    rows += [(" ".join(f"`{o}`" for o in (*p.opts, *p.secondary_opts)), p.help) for p in options]
    if rows:
        lines = [f"| {left} | {_cell(right)} |" for left, right in rows]
        parts.append("\n".join(["| | |", "|---|---|", *lines]))
    return "\n\n".join(parts)


def _paragraphs(text: str | None) -> str:
    return _escaped("\n\n".join(" ".join(p.split()) for p in (text or "").split("\n\n")))


def _cell(text: str | None) -> str:
    return _escaped(" ".join((text or "").split())).replace("|", "\\|")


def _escaped(text: str) -> str:
    return text.replace("<", "&lt;").replace("*", "\\*")
