"""The notebook runs from top to bottom: by nbclient where Jupyter is installed, else as a script."""
from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import pathlib
import unittest
from typing import Any

from server import ROOT, Server

NOTEBOOK = pathlib.Path(__file__).resolve().parents[1] / "notebooks" / "first-forecast.ipynb"

try:
    import pandas  # noqa: F401
except ImportError:
    pandas = None  # type: ignore[assignment]


def run_as_script(notebook: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """Runs the cells one after the other, the value of a last expression included; gives the names and what was printed."""
    names: dict[str, Any] = {"__name__": "__main__"}
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        for number, cell in enumerate(notebook["cells"]):
            if cell["cell_type"] != "code":
                continue
            exec(compile(ast.parse("".join(cell["source"])), f"cell {number}", "exec"), names)
    return names, printed.getvalue()


@unittest.skipIf(pandas is None, "pandas is not installed")
class Notebook(unittest.TestCase):
    def test_it_runs_top_to_bottom_and_its_forecasts_beat_the_baselines(self) -> None:
        server = Server()
        self.addCleanup(server.end)
        os.environ.update(
            EDDY_URL=server.url,
            EDDY_CSV=str(ROOT / "data" / "seattle-weather-hourly-normals.csv"),
            MPLBACKEND="Agg",
        )
        notebook = json.loads(NOTEBOOK.read_text("utf-8"))
        try:
            import nbclient  # type: ignore[import]
            import nbformat  # type: ignore[import]
        except ImportError:
            pass
        else:
            nbclient.NotebookClient(nbformat.from_dict(notebook), timeout=300).execute()
        names, printed = run_as_script(notebook)
        errors = names["errors"]
        for row in errors.index:
            self.assertLess(errors.loc[row, "Eddy"], errors.loc[row, "persistence"])
        self.assertLess(errors.loc["1 h ahead", "Eddy"], 0.5 * errors.loc["1 h ahead", "persistence"])
        self.assertIn("The next hour:", printed)

    def test_it_is_kept_without_outputs(self) -> None:
        for cell in json.loads(NOTEBOOK.read_text("utf-8"))["cells"]:
            if cell["cell_type"] == "code":
                self.assertEqual((cell["outputs"], cell["execution_count"]), ([], None))


if __name__ == "__main__":
    unittest.main()
