"""The service keeps to its own OpenAPI document, whatever is sent: by schemathesis, over real HTTP."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case, GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from rerender.models import DEFAULT_WORKFLOW_ID
from rerender.service.server import LocalServer
from tests.service.calls import KEY, Caller, picture
from tests.service.engines import FlatEngine

CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
OPERATIONS = [
    ("post", "/api/workflows/{workflow_id}", {200, 401, 404, 415, 422, 429}),
    ("get", "/api/renders/{render_id}", {200, 401, 404}),
    ("get", "/pictures/{file}", {200, 404}),
    ("get", "/healthz", {200}),
]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, dict[str, Any]]]:
    """The base URL of a service whose queue fills up, and path parameters under which it has something."""
    engine = FlatEngine()
    server = LocalServer(tmp_path_factory.mktemp("openapi"), engine, [KEY], queue_limit=5)
    server.start()
    api = Caller(server.base_url)
    render = api.wait(api.submit())
    _, _, file = render["outputs"][0]["cover_src"].rpartition("/")
    engine.gate.clear()
    yield server.base_url, {"workflow_id": DEFAULT_WORKFLOW_ID, "render_id": render["_id"], "file": file}
    server.close()


def strict_document(base_url: str) -> dict[str, Any]:
    """The document without the answers that it allows by `default`: each status has to be named."""
    document: dict[str, Any] = requests.get(f"{base_url}/openapi.json", timeout=60).json()
    for path in document["paths"].values():
        for operation in path.values():
            operation["responses"].pop("default")
    return document


@st.composite
def cases(draw: st.DrawFn, operation: Any, known: dict[str, Any]) -> Case:
    """A call by the document or against it; mostly with the key, an id that exists and a picture that is one."""
    case: Case = draw(operation.as_strategy(generation_mode=draw(st.sampled_from(list(GenerationMode)))))
    likely = st.sampled_from([True, True, True, False])
    for name in case.path_parameters:
        if draw(likely):
            case.path_parameters[name] = known[name]
    if draw(likely):
        case.headers["Authorization"] = f"Bearer {KEY}"
    if isinstance(case.body, dict) and draw(likely):
        case.body["control_image"] = base64.b64encode(picture()).decode()
    if not draw(likely):
        case.headers["Content-Type"] = draw(st.sampled_from(["text/plain", "application/xml", ""]))
    return case


def check(method: str, path: str, known: tuple[str, dict[str, Any]], *, long: bool) -> set[int]:
    """Make calls, the same for the same code unless `long`; the statuses that were seen.

    Fails at the first answer that the document does not allow.
    """
    base_url, parameters = known
    operation = openapi.from_dict(strict_document(base_url))[path][method]
    statuses = set()

    always_the_same = settings(derandomize=not long, suppress_health_check=list(HealthCheck))

    @settings(always_the_same, max_examples=1500 if long else 200, deadline=None, database=None)
    @given(cases(operation, parameters))
    def calls(case: Case) -> None:
        response = case.call(base_url=base_url, timeout=60)
        statuses.add(response.status_code)
        case.validate_response(response, checks=CHECKS)

    calls()
    return statuses


@pytest.mark.parametrize(("method", "path", "expected"), OPERATIONS)
def test_no_call_gets_an_answer_that_the_document_does_not_name(
    known: tuple[str, dict[str, Any]], method: str, path: str, expected: set[int]
) -> None:
    statuses = check(method, path, known, long=False)
    assert expected - {429} <= statuses


@pytest.mark.proof
@pytest.mark.parametrize(("method", "path", "expected"), OPERATIONS)
def test_no_call_of_1500_gets_an_answer_that_the_document_does_not_name(
    known: tuple[str, dict[str, Any]], method: str, path: str, expected: set[int]
) -> None:
    assert expected <= check(method, path, known, long=True)


def test_every_operation_of_the_document_is_called_here(known: tuple[str, dict[str, Any]]) -> None:
    paths = strict_document(known[0])["paths"]
    documented = {(method, path) for path, operations in paths.items() for method in operations}
    assert documented == {(method, path) for method, path, _ in OPERATIONS}
