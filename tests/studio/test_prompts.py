"""Several prompts in one text: what each line becomes, and what keeps all of them from being sent."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rerender.errors import InvalidRequest
from rerender.studio import prompts
from tests.fake_api import picture

FIELDS = {"control_image": picture(512, 512), "image_width": 512, "image_height": 512}
texts = st.lists(st.sampled_from(["oak", " oak ", "brick, snow", "", "  ", "Oak", "\t\r"])).map("\n".join) | st.text()


@given(texts)
def test_every_line_that_says_something_is_kept_once_and_nothing_else_is(text: str) -> None:
    lines = prompts.read(text)
    kept = [line.prompt for line in lines.kept]
    said = [line.strip() for line in text.split("\n")]
    assert set(kept) == set(said) - {""}
    assert len(kept) == len(set(kept))
    assert len(kept) + len(lines.repeated) == sum(map(bool, said))


@given(texts)
def test_each_number_leads_back_to_its_line_in_the_order_of_the_text(text: str) -> None:
    lines = prompts.read(text)
    said = [line.strip() for line in text.split("\n")]
    assert [said[line.number - 1] for line in lines.kept] == [line.prompt for line in lines.kept]
    assert [line.number for line in lines.kept] == sorted(line.number for line in lines.kept)
    for number in lines.repeated:
        assert said[number - 1] in said[: number - 1], "only a line that was said before is left out"


def test_lines_become_requests_that_differ_in_their_prompts_only() -> None:
    made = prompts.requests("oak\n\n brick \noak", **FIELDS, seed=7, batch_size=3)
    assert [request.prompt for request in made] == ["oak", "brick"]
    assert {(request.seed, request.batch_size, request.control_image) for request in made} == {
        (7, 3, FIELDS["control_image"])
    }


def test_exactly_as_many_lines_as_allowed_are_rendered_and_not_one_more() -> None:
    text = "\n".join(f"prompt {number}" for number in range(prompts.MOST_LINES))
    assert len(prompts.requests(text, **FIELDS)) == prompts.MOST_LINES
    with pytest.raises(InvalidRequest, match="25 lines to render; at most 24"):
        prompts.requests(f"{text}\none more", **FIELDS)


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "^prompt must say something"),
        (" \n\n ", "^prompt must say something"),
        ("oak\n\n" + "x" * 10_001, "^prompt in line 3 has 10,001 characters"),
        ("oak\nbrick\0", "^prompt in line 2 has characters that cannot be sent"),
    ],
)
def test_a_line_that_cannot_be_sent_is_named(text: str, sentence: str) -> None:
    with pytest.raises(InvalidRequest, match=sentence):
        prompts.requests(text, **FIELDS)


def test_another_bad_field_is_said_as_for_one_prompt() -> None:
    with pytest.raises(InvalidRequest, match="seed must be a whole number") as refused:
        prompts.requests("oak\nbrick", **FIELDS, seed=-1)
    assert set(refused.value.problems) == {"seed"}
