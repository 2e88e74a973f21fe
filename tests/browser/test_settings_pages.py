"""Settings in a real browser: by mouse and by keyboard, both languages, narrow and wide, axe clean."""

import pytest
from playwright.sync_api import Browser, Page, expect

from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.domain.analysis import ModuleResult
from greenroom.domain.events import EventType
from greenroom.domain.template import shipped_template
from greenroom.domain.webhook import WebhookEndpointRequest
from tests import console_visitors
from tests.browser.console import assert_clean
from tests.seeded import MODEL, invite

pytestmark = pytest.mark.chromium
SETTINGS = "/console/settings"


def opened(browser: Browser, server: str, database: Database, width: int) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 900})
    complaints: list[str] = []
    page.on(
        "console", lambda said: said.type in ("error", "warning") and complaints.append(said.text)
    )
    admin = console_visitors.signed_in(database, Role.ADMIN)
    page.context.add_cookies([{"name": "greenroom_session", "value": admin.token, "url": server}])
    return page, complaints


@pytest.mark.parametrize(("width", "language"), [(360, "zh-CN")])
def test_every_page_of_settings_is_clean(
    browser: Browser, console_server: str, database: Database, width: int, language: str
) -> None:
    (interview,) = invite(database)
    wanted = WebhookEndpointRequest(url=f"https://ehr.example.com/{'hooks-' * 12}")
    with database.begin() as tx:
        tx.catalogue.save_model(MODEL)
        tx.catalogue.save_model(MODEL.model_copy(update={"version": 2, "job": {"en": "Shop"}}))
        tx.catalogue.save_template(shipped_template("skills"))
        tx.module_runs.note([ModuleResult(module="vision", status="ok", version="0.4.0")])
        endpoint = tx.webhooks.add_endpoint(wanted, "whsec_" + "QUJD" * 11)
        tx.api_keys.add("abcdefabcdef", "0" * 64, ["interviews:read", "audit:read"], "EHR")
    with database.begin() as tx:
        step = tx.process_log.append(interview, EventType.INTERVIEW_OPENED)
        assert step is not None
        tx.webhooks.fan_out(step.event)
    page, complaints = opened(browser, console_server, database, width)
    for path, name in (
        ("models", "models"),
        (f"models/{MODEL.id}", "model"),
        (f"models/{MODEL.id}/versions/2", "model-version"),
        ("templates", "templates"),
        ("templates/skills", "template"),
        ("templates/skills/limits", "limits"),
        ("templates/skills/questions/q1", "question"),
        ("templates/skills/questions/new", "question-new"),
        ("bank", "bank"),
        ("policies", "policies"),
        ("policies/us-il", "policy"),
        ("mappings", "mappings"),
        ("mappings/v1", "mapping"),
        ("modules", "modules"),
        ("bank/new", "bank-new"),
        ("webhooks", "webhooks"),
        (f"webhooks/{endpoint.id}", "endpoint"),
        (f"webhooks/{endpoint.id}/{step.event.id}", "delivery"),
        ("keys", "keys"),
    ):
        page.goto(f"{console_server}{SETTINGS}/{path}?lang={language}")
        assert page.evaluate("document.documentElement.lang") == language
        assert_clean(page, f"settings-{name}-{width}-{language}")
    assert complaints == []
    page.close()


def test_a_key_by_mouse_and_another_by_keyboard(
    browser: Browser, console_server: str, database: Database
) -> None:
    page, _ = opened(browser, console_server, database, 1280)
    page.goto(f"{console_server}/console/interviews?lang=en")
    page.locator(".places").get_by_role("link", name="Settings").click()
    page.wait_for_url("**/settings/templates")
    page.get_by_role("link", name="API keys").click()
    page.get_by_label("Name", exact=True).fill("EHR")
    page.get_by_role("button", name="Make a key").click()
    expect(page.locator("#scopes-wrong")).to_contain_text("does not fit")
    assert_clean(page, "settings-keys-wrong-1280-en")
    expect(page.get_by_label("Name", exact=True)).to_have_value("EHR")
    page.get_by_label("reads interviews and results").click()
    page.get_by_role("button", name="Make a key").click()
    expect(page.get_by_role("status").locator("code")).to_contain_text("gr_")
    assert_clean(page, "settings-keys-made-1280-en")
    page.get_by_label("Name", exact=True).focus()
    page.keyboard.type("OA")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("OA")
    page.locator("summary", has_text="OA").press("Enter")
    page.get_by_role("button", name="Revoke now OA").press("Enter")
    expect(page.get_by_role("row", name="OA")).to_contain_text("revoked")
    page.close()


def test_weights_are_moved_until_they_reach_100(
    browser: Browser, console_server: str, database: Database
) -> None:
    with database.begin() as tx:
        tx.catalogue.save_model(MODEL)
    page, complaints = opened(browser, console_server, database, 1280)
    page.goto(f"{console_server}{SETTINGS}/models/{MODEL.id}?lang=en")
    communication = page.locator('[id="weight.communication"]')
    communication.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("45")
    total = page.locator("#weights-total")
    expect(total).to_have_text("85 / 100 they must add up to 100")
    first = page.locator('[data-weight="weight.communication"]')
    expect(first).to_have_attribute("width", "45")
    page.keyboard.press("Enter")
    expect(page.locator("#sum-wrong")).to_contain_text("must add up to 100")
    expect(communication).to_have_value("45")
    assert_clean(page, "settings-model-wrong-1280-en")
    page.locator('[id="weight.service"]').fill("55")
    expect(total).to_contain_text("100 / 100")
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_role("status")).to_have_text("Saved as version 2.")
    complaints = [text for text in complaints if "422" not in text]
    assert complaints == []
    page.close()


def test_a_template_is_copied_by_mouse_and_changed_by_keyboard(
    browser: Browser, console_server: str, database: Database
) -> None:
    page, complaints = opened(browser, console_server, database, 1280)
    page.goto(f"{console_server}{SETTINGS}/templates?lang=en")
    page.get_by_label("Copied from").select_option("screening")
    page.get_by_label("Id", exact=True).fill("counter")
    page.get_by_label("Name (English)").fill("Counter staff")
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Counter staff")
    page.get_by_role("link", name="Add a question").press("Enter")
    bank = page.get_by_label("From the question bank")
    bank.focus()
    page.keyboard.press("ArrowDown")
    page.get_by_role("button", name="Fill in below").press("Enter")
    seconds = page.get_by_label("Seconds to answer", exact=True)
    expect(page.get_by_label("Question (English)")).not_to_have_value("")
    seconds.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("5")
    page.keyboard.press("Enter")
    expect(page.locator("#min_s-wrong")).to_contain_text("does not fit")
    expect(seconds).to_have_value("5")
    seconds.focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("150")
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved as version 2.")
    asked = page.locator(".asked li")
    last = asked.last.get_by_role("link").inner_text()
    asked.last.get_by_role("button", name="Up").press("Enter")
    expect(page.get_by_role("status")).to_have_text("Saved as version 3.")
    expect(asked.last.get_by_role("link")).not_to_have_text(last)
    page.get_by_label("Follow-up questions").click()
    page.get_by_role("button", name="Save as a new version").click()
    expect(page.get_by_label("Follow-up questions")).to_be_checked()
    page.get_by_role("link", name="Saved for the 4. time").click()
    expect(page.get_by_role("row", name="entry.follow_ups")).to_contain_text("true")
    complaints = [text for text in complaints if "422" not in text]
    assert complaints == []
    page.close()
