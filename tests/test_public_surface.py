"""What `import rerender` offers, and what it costs."""

from __future__ import annotations

import re
import subprocess
import sys
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
    assert sum(_lines(name) for name in BOUNDED_READERS) < 120


def test_the_client_module_needs_no_other_part_of_the_app() -> None:
    files = {*CLIENT_MODULE, *BOUNDED_READERS, "transport.py"}
    needed = {name for file in files for name in re.findall(r"^from rerender\.(\w+)", (HERE / file).read_text(), re.M)}
    assert {f"{name}.py" for name in needed} <= files


def _lines(name: str) -> int:
    return len((HERE / name).read_text().splitlines())
