"""The pages of the topics, made when the site is built from what the recipes measured.

`python -m docs.site.run_recipes` runs the recipes and leaves `docs/topics/NAME/result.json` and the
figures; here they become pages. Nothing is pasted: a page that misses its result fails the build.
"""

from __future__ import annotations

import ast
import html
import json
from pathlib import Path
from typing import Any

from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "recipes"
RESULTS = ROOT / "docs" / "topics"


def on_files(files: Files, config: Any) -> Files:
    """Adds a page for each recipe, the list of them, and the changelog."""
    paths = sorted(RECIPES.glob("[a-z]*.py"))
    changes = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8").replace("](docs/", "](")
    made = {f"topics/{path.stem}.md": page(path) for path in paths}
    made |= {"topics/index.md": overview(config["nav"]), "changelog.md": changes}
    for name, text in made.items():
        files.append(File.generated(config, name, content=text))
    return files


def overview(nav: list[dict[str, Any]]) -> str:
    """The list of topics in the order of the navigation, each with its point."""
    parts = [_OVERVIEW]
    (topics,) = (entry["Topics"] for entry in nav if "Topics" in entry)
    for group in (entry for entry in topics if isinstance(entry, dict)):
        ((week, pages),) = group.items()
        rows = []
        for name in (Path(entry).stem for entry in pages):
            result = result_of(name)
            title, _, point = result["summary"].partition(":")
            rows.append(f"| [{_safe(title)}]({name}.md) | {_sentence(point)} | `{name}` |")
        parts.append(
            f"## {week}\n\n| topic | the point | recipe |\n|---|---|---|\n" + "\n".join(rows)
        )
    return "\n\n".join(parts) + "\n"


def page(path: Path) -> str:
    """The Markdown of a topic: purpose, claims, what was measured, how to run it, the script."""
    source = path.read_text(encoding="utf-8")
    docstring = ast.get_docstring(ast.parse(source)) or ""
    title, _, point = docstring.partition("\n")[0].partition(":")
    result = result_of(path.stem)
    parts = [f"# {title}", _sentence(point), *_purpose(docstring), claims(result)]
    for section in result["sections"]:
        parts += [f"## {section['title']}", *map(_said, section["text"])]
        parts += [_block(block, path.stem) for block in section["blocks"]]
    return "\n\n".join([*parts, *_how_to_run(path.stem, result, source)]) + "\n"


def result_of(name: str) -> dict[str, Any]:
    """What the recipe measured when it was last run for the site.

    Raises:
        PluginError: If it never was.
    """
    path = RESULTS / name / "result.json"
    if not path.is_file():
        raise PluginError(f"{name} has no result: run `python -m docs.site.run_recipes {name}`.")
    return json.loads(path.read_text(encoding="utf-8"))


def claims(result: dict[str, Any]) -> str:
    """The claims of a run, each with the numbers that decided."""
    rows = []
    for claim in result["claims"]:
        kind = "" if claim["holds"] else ' class="broken"'
        said = html.escape(claim["text"] if claim["holds"] else f"Does not hold: {claim['text']}")
        rows.append(f"<li{kind}>{said}<small>{html.escape(claim['measured'])}</small></li>")
    return '<ul class="claims">\n' + "\n".join(rows) + "\n</ul>"


_OVERVIEW = """# Topics

One recipe for each topic of the course (Deep Learning Specialization, course 2). Each shows the
problem on real data, measures it, cures it with the parts of this library, and **checks** what it
claims: run it, and its exit status is 1 if a claim does not hold on your machine. All numbers and
figures on these pages were made by the recipes.

```sh
kerasrecipes recipes
kerasrecipes recipe first_steps --quick
```"""


def _purpose(docstring: str) -> list[str]:
    """What stands after "Purpose:", as one paragraph."""
    parts = [" ".join(part.split()) for part in docstring.split("\n\n")]
    found = [part for part in parts if part.startswith("Purpose: ")]
    return [_sentence(part.removeprefix("Purpose: ")) for part in found]


def _block(block: dict[str, Any], name: str) -> str:
    caption = html.escape(block["caption"])
    if "figure" in block:
        kind = "recipe wide" if block["wide"] else "recipe"
        alt = html.escape(block["alt"], quote=True)
        image = f'<img src="{block["figure"]}" alt="{alt}" loading="lazy">'
        return f'<figure class="{kind}">{image}<figcaption>{caption}</figcaption></figure>'
    table = block["table"]
    sides = {"left": ":--", "right": "--:", "center": ":-:"}
    rows = [table["columns"], [sides[side] for side in block["align"]], *table["rows"]]
    lines = [" | ".join(str(cell).replace("|", "\\|") for cell in row) for row in rows]
    return f"**{caption}**\n\n" + "\n".join(f"| {line} |" for line in lines)


def _how_to_run(name: str, result: dict[str, Any], source: str) -> list[str]:
    quick = " --quick" if result["quick"] else ""
    made = (
        f"`kerasrecipes recipe {name}{quick}` made these numbers and figures in "
        f"{result['seconds']:.0f} s: seed {result['seed']}, Keras {result['keras']} on "
        f"{result['backend']}, {result['device']}."
    )
    script = "\n".join(
        f"    {line}".rstrip() for line in ["```python", *source.splitlines(), "```"]
    )
    return [
        "## Run it",
        f"```sh\nkerasrecipes recipe {name} --quick\n```",
        f'<p class="made" markdown>{made} [As a notebook](../notebooks/{name}.ipynb).</p>',
        f'??? example "The script: recipes/{name}.py"\n\n{script}',
    ]


def _said(text: str) -> str:
    """A paragraph; what has several lines is laid out already."""
    if "\n" in text.strip():
        return "\n".join(["```text", text.strip("\n"), "```"])
    return _safe(text)


def _safe(text: str) -> str:
    """A paragraph of a recipe as Markdown that shows it as it is."""
    return html.escape(text, quote=False).replace("*", "\\*").replace("_", "\\_")


def _sentence(text: str) -> str:
    text = text.strip()
    return _safe(text[:1].upper() + text[1:])
