"""A recipe as a notebook: its functions in cells of their own, then its `main`, paragraph by
paragraph, with what the comments teach as text."""

from __future__ import annotations

import ast
import textwrap
from pathlib import Path
from typing import Any

from kerasrecipes_cli.errors import OptionError


def notebook(path: Path, arguments: tuple[str, ...] = ("--quick",)) -> Any:
    """Turns a recipe into a notebook.

    Args:
        path: The script of the recipe.
        arguments: The options that its lesson begins with.

    Returns:
        A notebook of `nbformat`, the same for the same script.

    Raises:
        OptionError: If Jupytext is not installed.
        ValueError: If the script has no `main` that tells a lesson, or it returns early.
    """
    try:
        import jupytext
    except ModuleNotFoundError:
        raise OptionError("notebooks need Jupytext: `pip install 'kerasrecipes[docs]'`.") from None
    made = jupytext.reads(percent_script(path, arguments), fmt="py:percent")
    for number, cell in enumerate(made.cells):
        cell["id"] = f"cell-{number}"
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3"}
    made.metadata.pop("jupytext", None)
    return made


def write_notebook(path: Path, out: str) -> str:
    """Writes a recipe as a notebook, and returns where.

    Raises:
        OptionError: If Jupytext is not installed, `out` exists, or it cannot be written.
    """
    made = notebook(path)
    import nbformat

    try:
        with open(out, "x", encoding="utf-8") as file:
            nbformat.write(made, file)
    except FileExistsError:
        raise OptionError(f"{out} is there already: name another file with --out.") from None
    except OSError as error:
        raise OptionError(f"{out} cannot be written: {error.strerror}.") from None
    return out


def percent_script(path: Path, arguments: tuple[str, ...] = ("--quick",)) -> str:
    """The recipe as a script whose cells are marked by `# %%`, as many editors read them."""
    source = path.read_text(encoding="utf-8")
    tree = ast.parse(source)
    docstring = ast.get_docstring(tree) or ""
    pieces = _pieces(tree.body[1:], source.splitlines(), tree.body[0].end_lineno or 0)
    told = [cell for node, piece in pieces if _is_main(node) for cell in _told(piece)]
    if not told:
        raise ValueError(f"`path` must hold a recipe with a `main`. Received: path={str(path)!r}.")
    kept = [(node, piece) for node, piece in pieces if not _is_main(node) and not _calls_main(node)]
    title = docstring.partition("\n")[0]
    begin = f"lesson = kr.lessons.begin({path.stem!r}, {title!r}, {list(arguments)!r})"
    ended = "kr.lessons.end(lesson)"
    cells = [_text(f"# {docstring}"), *_definitions(kept), f"# %%\n{begin}", *told]
    return "\n\n".join([*cells, f"# %%\n{ended}"]) + "\n"


def _pieces(nodes: list[ast.stmt], lines: list[str], at: int) -> list[tuple[ast.stmt, str]]:
    """Each statement with its text, the comments and the empty lines before it included."""
    pieces = []
    for node in nodes:
        pieces.append((node, "\n".join(lines[at : node.end_lineno])))
        at = node.end_lineno or at
    return pieces


def _definitions(pieces: list[tuple[ast.stmt, str]]) -> list[str]:
    """Cells of what stands outside `main`: one a function or class, the rest together."""
    cells: list[str] = []
    joins = False
    for node, piece in pieces:
        alone = isinstance(node, ast.FunctionDef | ast.ClassDef)
        if joins and not alone:
            cells[-1] += f"\n{piece}"
        else:
            cells.append(f"# %%\n{piece.strip()}")
        joins = not alone
    return cells


def _told(piece: str) -> list[str]:
    """The cells of the body of `main`."""
    main = ast.parse(piece.strip("\n")).body[0]
    if not isinstance(main, ast.FunctionDef) or any(
        isinstance(node, ast.Return) for node in ast.walk(main)
    ):
        raise ValueError("A recipe's `main` must not return: its end is the lesson's end.")
    first = main.body[0]
    documented = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = (first.end_lineno or 0) if documented else first.lineno - 1
    body = textwrap.dedent("\n".join(piece.strip("\n").splitlines()[start:])).strip("\n")
    cells: list[str] = []
    for paragraph in _paragraphs(body):
        taught = [line.lstrip("# ") for line in paragraph if line.startswith("#")]
        code = "\n".join(line for line in paragraph if not line.startswith("#")).strip("\n")
        if taught:
            cells.append(_text(" ".join(taught)))
        if code:
            cells.append(f"# %%\n{code}")
    return cells


def _paragraphs(body: str) -> list[list[str]]:
    """The lines of a body, parted before each comment at its own indentation after a blank line."""
    parts: list[list[str]] = [[]]
    taught = True  # the comments that lead the paragraph may still go on
    for line in body.splitlines():
        leads = line.startswith("#") and (not parts[-1] or not parts[-1][-1].strip())
        if leads and not (taught and parts[-1] and parts[-1][-1].startswith("#")):
            parts.append([])
        parts[-1].append(line)
        taught = line.startswith("#")
    return [part for part in parts if any(line.strip() for line in part)]


def _is_main(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and node.name == "main"


def _calls_main(node: ast.stmt) -> bool:
    """Whether this is `if __name__ == "__main__": ...`."""
    return isinstance(node, ast.If) and "__name__" in ast.dump(node.test)


def _text(text: str) -> str:
    return "# %% [markdown]\n" + "\n".join(f"# {line}".rstrip() for line in text.splitlines())
