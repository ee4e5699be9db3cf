"""What is written about settings is what the code reads."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
NAME = r"(?:GENLY|RERENDER)_[A-Z_]+"


def names_read() -> set[str]:
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "rerender").rglob("*.py"))
    return set(re.findall(rf'"({NAME})"', sources))


def test_the_example_of_the_secrets_has_every_setting_that_is_read_and_no_other() -> None:
    example = (ROOT / ".streamlit/secrets.example.toml").read_text("utf-8")
    assert tomllib.loads(example) == {}, "as it is, it sets nothing"
    filled_in = tomllib.loads(re.sub(rf"^# (?={NAME} = )", "", example, flags=re.MULTILINE))
    assert set(filled_in) == names_read()


def test_each_setting_that_is_read_is_explained_in_the_readme_or_for_hosts_and_no_other() -> None:
    texts = [(ROOT / name).read_text("utf-8") for name in ("README.md", "docs/hosting.md")]
    assert set(re.findall(rf"`({NAME})\b", "\n".join(texts))) == names_read()
