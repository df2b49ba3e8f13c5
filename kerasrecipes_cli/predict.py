"""`kerasrecipes predict`: a run's model applied to new rows."""

from __future__ import annotations

import json
from pathlib import Path

from kerasrecipes_cli.errors import OptionError
from kerasrecipes_cli.quiet import load_keras
from kerasrecipes_cli.working import working

SHOWN = 5


def predict_command(
    run: str, data: str, out: str | None, allow_code: bool, as_json: bool = False
) -> None:
    """Writes the table of predictions and shows its first lines."""
    remarks: list[str] = []
    with working("predicting"):
        load_keras()
        from kerasrecipes.recipe import predict_rows

        table = predict_rows(run, data, sink=remarks.append, allow_code=allow_code)
    path = Path(out) if out else Path(run) / "predictions.csv"
    _write(table.to_csv(index=False), path)
    if as_json:
        told = {"file": str(path), "predictions": len(table), "remarks": remarks}
        print(json.dumps(told, indent=2, ensure_ascii=False))
        return
    from kerasrecipes_cli.console import Console

    console = Console(highlight=False, emoji=False)
    for remark in remarks:
        console.print(remark, soft_wrap=True, markup=False)
    console.print(table.head(SHOWN).to_string(index=False), soft_wrap=True, markup=False)
    if len(table) > SHOWN:
        console.print(f"... and {len(table) - SHOWN:,} more rows")
    console.print(f"{len(table):,} predictions: {path}", soft_wrap=True, markup=False)


def _write(text: str, path: Path) -> None:
    """Writes a text file whole or not at all."""
    from kerasrecipes.checkpoints import write_text

    try:
        write_text(path, text)
    except OSError as error:
        raise OptionError(
            f"`{path}` cannot be written ({error.strerror or error}): choose another file with "
            "--out."
        ) from error
