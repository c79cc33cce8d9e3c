from __future__ import annotations

import ast
import os
import shutil
from pathlib import Path

import pipeline
from pipeline.kernel_cache import sources_digest

_PACKAGE = Path(pipeline.__file__).parent


def test_a_changed_constant_of_another_module_changes_the_folder(tmp_path: Path) -> None:
    copy = tmp_path / "pipeline"
    shutil.copytree(_PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "shipped"))
    assert sources_digest(copy) == sources_digest(_PACKAGE)
    fields = copy / "encoding" / "fields.py"
    fields.write_text(fields.read_text() + "\nONE_MORE = 1\n")
    assert sources_digest(copy) != sources_digest(_PACKAGE)


def test_every_module_that_kernels_are_compiled_from_counts(tmp_path: Path) -> None:
    """A kernel's constants come from the modules that its own module imports."""
    for path in [p for p in _PACKAGE.rglob("*.py") if "@njit" in p.read_text()]:
        for name in [path, *_imported(path)]:
            copy = tmp_path / "pipeline"
            shutil.rmtree(copy, ignore_errors=True)
            shutil.copytree(_PACKAGE, copy, ignore=shutil.ignore_patterns("__pycache__", "shipped"))
            changed = copy / name.relative_to(_PACKAGE)
            changed.write_text(changed.read_text() + "\n# changed\n")
            assert sources_digest(copy) != sources_digest(_PACKAGE), (path.name, name.name)


def test_numba_was_told_before_it_was_imported() -> None:
    assert os.environ["NUMBA_CACHE_DIR"]


def _imported(path: Path) -> list[Path]:
    tree = ast.parse(path.read_text())
    modules = [n.module for n in tree.body if isinstance(n, ast.ImportFrom) and n.module]
    inside = [m.split(".")[1:] for m in modules if m.startswith("pipeline.")]
    paths = [_PACKAGE.joinpath(*parts).with_suffix(".py") for parts in inside]
    return [p for p in paths if p.is_file()]
