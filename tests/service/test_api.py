from __future__ import annotations

import base64
import io
import json
import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import requests
from PIL import Image

from rerender.models import DEFAULT_WORKFLOW_ID, Render, RenderRequest
from rerender.service.accounts import OneAccount
from rerender.service.api import create_app
from rerender.service.jobs import Jobs
from rerender.service.refusals import Refusal
from rerender.service.server import LocalServer
from rerender.service.storage import Storage
from tests.service.calls import KEY, Caller, body, picture, problem
from tests.service.engines import FlatEngine

FIELDS = set(body())


# The two documented calls


def test_a_run_is_answered_with_a_render_id_and_nothing_else(shared_api: Caller) -> None:
    answer = shared_api.post(body())
    assert answer.status_code == 200
    assert set(answer.json()) == {"render_id"}
    assert re.fullmatch("[0-9a-f]{24}", answer.json()["render_id"])


def test_a_completed_render_has_the_documented_fields_and_types(shared_api: Caller) -> None:
    render = shared_api.wait(render_id := shared_api.submit(batch_size=2, image_width=640))
    assert render["_id"] == render_id
    assert render["workflow_id"] == DEFAULT_WORKFLOW_ID
    assert render["phase"] == "completed"
    assert render["is_sample"] is render["is_public"] is False
    assert type(render["created_at"]) is type(render["updated_at"]) is int
    assert abs(render["created_at"] - time.time()) < 60
    assert [len(render["inputs"]), len(render["outputs"])] == [1, 2]
    for entry in render["inputs"] + render["outputs"]:
        assert set(entry) == {"name", "type", "desc", "cover_src", "cover_width", "cover_height"}
        assert entry["type"] == "image"
    assert [(item["cover_width"], item["cover_height"]) for item in render["outputs"]] == [(640, 512)] * 2


def test_the_answer_is_what_the_client_module_reads(shared_api: Caller) -> None:
    request = RenderRequest("oak", picture(), image_width=512, image_height=512)
    render_id = shared_api.post(request.to_json()).json()["render_id"]
    shared_api.wait(render_id)
    render = Render.from_json(shared_api.get(render_id).json())
    assert render.is_terminal
    assert len(render.outputs) == 1
    assert render.created_at is not None


def test_misc_says_who_made_the_pictures_and_what_was_understood(shared_api: Caller) -> None:
    misc = shared_api.wait(shared_api.submit(prompt="oak glass", seed=9))["misc"]
    assert isinstance(misc.pop("seconds"), float)
    timings = misc.pop("timings")
    assert set(timings) == {"queued", "stages", "storing"}
    assert set(timings["stages"]) == {"first"}
    assert misc == {
        "engine": "flat",
        "version": "1.0",
        "plan": {"grey": 9},
        "understood": [],
        "not_understood": ["oak", "glass"],
    }


def test_before_it_is_completed_a_render_shows_its_input_and_no_outputs(api: Caller, engine: FlatEngine) -> None:
    engine.gate.clear()
    working, waiting = api.submit(), api.submit()
    assert engine.working.wait(30)
    assert [api.phase(working), api.phase(waiting)] == ["processing", "pending"]
    render = api.get(waiting).json()
    assert render["outputs"] == []
    assert len(render["inputs"]) == 1
    assert "seconds" not in render["misc"]
    assert render["misc"]["engine"] == "flat"


# Pictures


def test_each_item_of_a_batch_is_rendered_with_its_own_seed_and_says_so(shared_api: Caller) -> None:
    outputs = shared_api.wait(shared_api.submit(batch_size=3, seed=40))["outputs"]
    for item, output in enumerate(outputs):
        with Image.open(io.BytesIO(requests.get(output["cover_src"], timeout=60).content)) as image:
            assert np.unique(np.asarray(image)) == [40 + item]
            assert image.format == "PNG"
            assert image.info["Software"] == "ReRender Studio flat engine 1.0 (no AI model)"
            assert image.info["Seed"] == str(40 + item)
            assert json.loads(image.info["Plan"]) == {"grey": 40}


def test_pictures_need_no_key_but_an_address_of_128_random_bits(shared_api: Caller) -> None:
    render = shared_api.wait(shared_api.submit())
    for entry in render["inputs"] + render["outputs"]:
        assert re.fullmatch(re.escape(shared_api.base_url) + r"/pictures/[0-9a-f]{32}\.png", entry["cover_src"])
        assert requests.get(entry["cover_src"], timeout=60).status_code == 200


@pytest.mark.parametrize("format", ["PNG", "JPEG", "WEBP", "BMP", "TIFF", "GIF"])
def test_the_control_image_is_kept_byte_for_byte(shared_api: Caller, format: str) -> None:
    sent = picture((80, 60), format)
    entry = shared_api.get(shared_api.submit(control_image=base64.b64encode(sent).decode())).json()["inputs"][0]
    assert (entry["cover_width"], entry["cover_height"]) == (80, 60)
    answer = requests.get(entry["cover_src"], timeout=60)
    assert answer.content == sent
    assert answer.headers["Content-Type"] == f"image/{format.lower()}"


def test_a_phones_jpeg_with_a_second_picture_behind_it_is_served_as_jpeg(shared_api: Caller) -> None:
    file = io.BytesIO()
    image = Image.new("RGB", (80, 60), "teal")
    image.save(file, "MPO", save_all=True, append_images=[image])
    sent = base64.b64encode(file.getvalue()).decode()
    entry = shared_api.get(shared_api.submit(control_image=sent)).json()["inputs"][0]
    answer = requests.get(entry["cover_src"], timeout=60)
    assert (answer.headers["Content-Type"], answer.content) == ("image/jpeg", file.getvalue())


def test_a_picture_may_be_cached_for_good(shared_api: Caller) -> None:
    url = shared_api.wait(shared_api.submit())["outputs"][0]["cover_src"]
    first = requests.get(url, timeout=60)
    assert "immutable" in first.headers["Cache-Control"]
    again = requests.get(url, headers={"If-None-Match": first.headers["ETag"]}, timeout=60)
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("asked", ["bytes=0-3", "bytes=9-1", "bytes=999999999-", "lines=x"])
def test_a_picture_is_served_whole_whatever_part_is_asked_for(shared_api: Caller, asked: str) -> None:
    url = shared_api.get(shared_api.submit()).json()["inputs"][0]["cover_src"]
    answer = requests.get(url, headers={"Range": asked}, timeout=60)
    assert (answer.status_code, answer.content) == (200, picture())
    assert answer.headers["Accept-Ranges"] == "none"


def test_picture_addresses_follow_the_host_that_was_asked(shared_api: Caller) -> None:
    render_id = shared_api.submit()
    headers = {"Authorization": f"Bearer {KEY}", "Host": "studio.test:81"}
    render = requests.get(f"{shared_api.base_url}/api/renders/{render_id}", headers=headers, timeout=60).json()
    assert render["inputs"][0]["cover_src"].startswith("http://studio.test:81/pictures/")


# The key


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {KEY}"}])
def test_without_the_right_key_both_calls_are_refused_and_nothing_is_stored(
    server: LocalServer, tmp_path: Path, headers: dict[str, str]
) -> None:
    for answer in (
        requests.post(
            f"{server.base_url}/api/workflows/{DEFAULT_WORKFLOW_ID}", json=body(), headers=headers, timeout=60
        ),
        requests.get(f"{server.base_url}/api/renders/{'0' * 24}", headers=headers, timeout=60),
    ):
        assert answer.status_code == 401
        assert problem(answer)["code"] == "unauthorized"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert list((tmp_path / "service" / "renders").iterdir()) == []


def test_every_key_of_the_service_is_accepted(server: LocalServer) -> None:
    assert {Caller(server.base_url, key).post(body()).status_code for key in (KEY, "other-key")} == {200}


# Everything else


def test_an_unknown_workflow_render_picture_or_address_is_a_404_in_the_same_shape(shared_api: Caller) -> None:
    answers = [
        shared_api.post(body(), workflow_id="0" * 24),
        *[shared_api.get(render_id) for render_id in ("0" * 24, "nonsense", "..%2f..%2flock", "%00", "x" * 5000)],
        *[
            requests.get(shared_api.base_url + path, timeout=60)
            for path in (
                *(f"/pictures/{name}" for name in ("0" * 32 + ".png", "..%2flock", "a.png")),
                "/nothing",
                "/static-offline-docs/nothing.js",
            )
        ],
    ]
    for answer in answers:
        assert answer.status_code == 404
        assert problem(answer)["code"] == "not_found"


def test_a_wrong_method_is_a_405_in_the_same_shape(shared_api: Caller) -> None:
    answer = requests.delete(f"{shared_api.base_url}/api/renders/{'0' * 24}", timeout=60)
    assert answer.status_code == 405
    assert problem(answer)["code"] == "method_not_allowed"
    assert answer.headers["Allow"] == "GET"


def test_a_fault_of_the_service_is_a_500_without_any_detail(
    api: Caller, engine: FlatEngine, capfd: pytest.CaptureFixture[str]
) -> None:
    def broken(request: RenderRequest) -> Any:
        raise RuntimeError("the innermost secret")

    engine.describe = broken  # type: ignore[method-assign]
    answer = api.post(body())
    assert answer.status_code == 500
    assert problem(answer)["code"] == "internal_error"
    assert "secret" not in answer.text


def test_its_health_needs_no_key_and_tells_no_secret(api: Caller, engine: FlatEngine) -> None:
    idle = {"status": "ok", "engine": "flat", "version": "1.0", "waiting": 0, "working": 0, "faults": False}
    assert requests.get(api.base_url + "/healthz", timeout=60).json() == idle
    engine.gate.clear()
    for _ in range(3):
        api.submit()
    assert engine.working.wait(30)
    assert requests.get(api.base_url + "/healthz", timeout=60).json() == idle | {"waiting": 2, "working": 1}


def test_a_service_that_renders_no_more_says_so(tmp_path: Path, engine: FlatEngine) -> None:
    storage = Storage(tmp_path)
    app = create_app(Jobs(storage, engine), OneAccount([KEY]))
    (route,) = (route for route in app.routes if getattr(route, "path", "") == "/healthz")
    with pytest.raises(Refusal) as refused:
        route.endpoint()  # type: ignore[attr-defined]
    assert refused.value.status == 503
    storage.close()


def test_the_page_of_the_api_asks_no_other_host(shared_api: Caller) -> None:
    page = requests.get(f"{shared_api.base_url}/docs", timeout=60).text
    parts = re.findall(r"""(?:src|href)=["']([^"']+)""", page)
    assert len(parts) >= 3
    for part in parts:
        assert part.startswith("/static-offline-docs/")
        assert requests.get(shared_api.base_url + part, timeout=60).status_code == 200


def test_the_open_api_document_states_ranges_key_and_refusals(shared_api: Caller) -> None:
    document = requests.get(f"{shared_api.base_url}/openapi.json", timeout=60).json()
    submit = document["paths"]["/api/workflows/{workflow_id}"]["post"]
    fields = submit["requestBody"]["content"]["application/json"]["schema"]
    assert set(fields["required"]) == FIELDS
    assert (fields["properties"]["batch_size"]["minimum"], fields["properties"]["batch_size"]["maximum"]) == (1, 4)
    assert (fields["properties"]["seed"]["minimum"], fields["properties"]["seed"]["maximum"]) == (0, 10_000_000)
    assert {"200", "401", "404", "408", "413", "415", "422", "429"} <= set(submit["responses"])
    assert submit["security"] == [{"HTTPBearer": []}]
    assert document["components"]["securitySchemes"]["HTTPBearer"] == {
        "type": "http",
        "scheme": "bearer",
        "description": "The API key that the service was started with",
    }
    assert "HTTPValidationError" not in document["components"]["schemas"]


def test_the_request_shown_on_the_api_page_is_one_that_works(shared_api: Caller) -> None:
    document = requests.get(f"{shared_api.base_url}/openapi.json", timeout=60).json()
    submit = document["paths"]["/api/workflows/{workflow_id}"]["post"]
    fields = submit["requestBody"]["content"]["application/json"]["schema"]["properties"]
    shown = {name: field["examples"][0] for name, field in fields.items()}
    assert shared_api.post(shown).status_code == 200
