"""What `import rerender` offers, and what it costs."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Collection, Iterator
from pathlib import Path
from types import ModuleType

import rerender
from rerender import errors

HERE = Path(rerender.__file__).parent
CLIENT_MODULE = ("client.py", "downloads.py", "errors.py", "images.py", "models.py")
BOUNDED_READERS = ("bounded_json.py", "opening.py")


def test_all_is_sorted_and_names_everything_public() -> None:
    public = {name for name, value in vars(rerender).items() if name[0] != "_" and not isinstance(value, ModuleType)}
    assert set(rerender.__all__) == public
    constants = [name for name in rerender.__all__ if name.isupper()]
    classes = [name for name in rerender.__all__ if name[0].isupper() and not name.isupper()]
    functions = [name for name in rerender.__all__ if name.islower()]
    assert rerender.__all__ == sorted(constants) + sorted(classes) + sorted(functions)


def test_every_error_is_exported_and_in_the_tree() -> None:
    own = {
        name for name, value in vars(errors).items() if isinstance(value, type) and value.__module__ == errors.__name__
    }
    assert own <= set(rerender.__all__)
    assert all(issubclass(getattr(errors, name), errors.RerenderError) for name in own)


def test_importing_the_client_is_light() -> None:
    heavy = "{'streamlit', 'cv2', 'fastapi', 'pydantic', 'sqlalchemy', 'numpy', 'uvicorn', 'alembic'}"
    script = f"import sys, rerender; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=HERE.parent, check=True)
    assert run.stdout == "[]\n"


def test_the_client_module_stays_small() -> None:
    assert sum(_lines(name) for name in CLIENT_MODULE) < 700
    assert _lines("transport.py") < 220
    assert sum(_lines(name) for name in BOUNDED_READERS) < 130


def test_the_client_module_needs_no_other_part_of_the_app() -> None:
    files = {*CLIENT_MODULE, *BOUNDED_READERS, "transport.py"}
    needed = {name for file in files for name in re.findall(r"^from rerender\.(\w+)", (HERE / file).read_text(), re.M)}
    assert {f"{name}.py" for name in needed} <= files


def test_every_name_that_one_module_takes_from_another_is_on_the_list_of_that() -> None:
    trees = {_module(path): ast.parse(path.read_text("utf-8")) for path in HERE.rglob("*.py")}
    lists = {module: names for module, tree in trees.items() if (names := _listed(tree)) is not None}
    taken = {pair for tree in trees.values() for pair in _taken(tree, trees.keys())}
    assert len(taken) > 500, "they are found"
    assert sorted(f"{module}: {name}" for module, name in taken if name not in lists.get(module, {name})) == []


def _module(path: Path) -> str:
    return ".".join(path.relative_to(HERE.parent).with_suffix("").parts).removesuffix(".__init__")


def _listed(tree: ast.Module) -> set[str] | None:
    """The names in `__all__`, None where there is none."""
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return None


def _taken(tree: ast.Module, modules: Collection[str]) -> Iterator[tuple[str, str]]:
    """What a module imports from others by name, or reads from one that it imported: module and name."""
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module]
    named = {name.asname or name.name: (f"{node.module}", name.name) for node in imports for name in node.names}
    whole = {name: ".".join(pair) for name, pair in named.items() if ".".join(pair) in modules}
    yield from (pair for name, pair in named.items() if name not in whole)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in whole:
            yield whole[node.value.id], node.attr


def _lines(name: str) -> int:
    return len((HERE / name).read_text().splitlines())
