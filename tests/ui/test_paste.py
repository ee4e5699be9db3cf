"""What the browser sends as a pasted image is a stranger's value."""

from __future__ import annotations

import base64

import pytest

from rerender.ui.paste import decoded
from tests.fake_api import picture


def test_a_pasted_file_arrives_byte_for_byte() -> None:
    assert decoded(base64.b64encode(picture()).decode()) == picture()


@pytest.mark.parametrize("value", [None, 7, b"bytes", ["a"], {"data": ""}, "no base64!", "ü", "data:image/png;base64,"])
def test_anything_else_is_an_empty_file(value: object) -> None:
    assert decoded(value) == b""
