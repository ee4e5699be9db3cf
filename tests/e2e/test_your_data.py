"""Taking everything along in a real browser: export, delete everything, import, and find it all again."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.e2e.app import App
from tests.e2e.steps import batch, choose_batch_size, download, open_app, prompt_box, render, settle

pytestmark = [pytest.mark.browser, pytest.mark.proof]


def delete_everything(page: Page) -> None:
    page.get_by_role("button", name="Delete everything").click()
    page.get_by_label("Type “delete” to confirm").fill("delete")
    page.get_by_role("button", name="Delete for good").click()
    expect(page.get_by_text("There is nothing to export yet.")).to_be_visible()


def test_what_was_exported_comes_back_after_everything_was_deleted(page: Page, app: App, tmp_path: Path) -> None:
    choose_batch_size(page, 2)
    render(page, "watercolor, spring")
    picture = download(page, "Download")

    page.get_by_role("link", name="Settings").click()
    expect(page.get_by_text("1 run with 3 image files", exact=False)).to_be_visible()
    archive = tmp_path / "workspace.zip"
    archive.write_bytes(download(page, "Export everything"))
    delete_everything(page)
    page.get_by_role("link", name="History").click()
    expect(page.get_by_text("No renders yet")).to_be_visible()

    page.get_by_role("link", name="Settings").click()
    page.locator("input[type=file]").set_input_files(archive)
    expect(page.get_by_text("1 run and 3 image files were imported.")).to_be_visible()
    settle(page)
    open_app(page, app.url)
    expect(batch(page)).to_have_count(2)
    expect(prompt_box(page)).to_have_value("watercolor, spring")
    assert download(page, "Download") == picture
