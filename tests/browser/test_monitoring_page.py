"""监控 in a real browser: a thousand running interviews, one that changes, what is off above them; axe is content."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from functions.console.app import app as console
from greenroom.adapters.database import Database
from greenroom.domain.interview import InterviewState
from greenroom.domain.monitoring import extended
from greenroom.domain.presence import HealthSample
from tests.browser.console import assert_clean, signed_in
from tests.seeded import invite

pytestmark = pytest.mark.chromium

SURNAMES, GIVEN = "赵钱孙李周吴郑王冯陈", "伟芳娜敏静丽强磊军洋艳勇杰涛明超秀霞平刚"


def running(database: Database, count: int) -> list[str]:
    """Interviews under way, each with a little history; every tenth below a target, every hundredth in trouble."""
    names = [
        f"{a}{b}{number}"
        for number, (a, b) in zip(
            range(count), itertools.cycle(itertools.product(SURNAMES, GIVEN)), strict=False
        )
    ]
    interviews = invite(database, names)
    for number, interview in enumerate(interviews):
        poor = number % 10 == 3
        report(
            interview,
            fps=18 if poor else 30,
            waiting_s=45 if number % 100 == 50 else 0,
            trouble=number % 100 == 70,
        )
    return interviews


def report(interview: str, *, trouble: bool = False, **seen: Any) -> None:
    now = datetime.now(UTC)
    values = {"at": now, "phase": "recording", "fps": 30, "snr_db": 41, **seen}
    values |= {"screen_width": 1920, "screen_height": 1080}
    sample = HealthSample.model_validate(values)
    past = [sample.model_copy(update={"fps": 30 - n % 3}) for n in range(12)]
    with console.changes() as tx:
        tx.interviews.move(interview, InterviewState.OPENED)
        tx.presence.record(
            interview,
            [sample],
            newest=sample,
            since=now if trouble else None,
            recent=extended((), [*past, sample]),
        )


def test_a_thousand_interviews_and_one_that_changes(
    browser: Browser, console_server: str, database: Database
) -> None:
    interviews = running(database, 1000)
    page = signed_in(browser, console_server, database, 1280)
    page.goto(f"{console_server}/console/monitoring")
    expect(page.locator("#rows tr")).to_have_count(1000)
    expect(page.locator(".alarms li")).to_have_count(20)
    row = page.locator(f'[id="{interviews[0]}"]')
    expect(row).not_to_contain_text("below the floor")
    row.locator("a").focus()
    report(interviews[0], fps=3)
    expect(row).to_contain_text("3 fps")
    expect(row).to_contain_text("below the floor")
    assert page.evaluate(f"document.activeElement.closest('tr').id === '{interviews[0]}'")
    expect(page.locator(".alarms li")).to_have_count(21, timeout=15_000)
    with console.changes() as tx:
        tx.interviews.move(interviews[1], InterviewState.CANCELLED)
    report(interviews[1], phase="done")
    expect(page.locator("#rows tr")).to_have_count(999)


@pytest.mark.parametrize(("language", "width"), [("zh-CN", 360), ("en", 1280)])
def test_the_page_is_clean_and_can_be_filtered(
    browser: Browser, console_server: str, database: Database, language: str, width: int
) -> None:
    page = signed_in(browser, console_server, database, width)
    page.goto(f"{console_server}/console/monitoring?lang={language}")
    assert_clean(page, f"monitoring-empty-{language}-{width}")
    interviews = running(database, 101)
    page.reload()
    assert_clean(page, f"monitoring-running-{language}-{width}")
    page.select_option("#only", "alarm")
    expect(page.locator("#rows tr:visible")).to_have_count(2)
    page.select_option("#only", "")
    name = page.locator(f'[id="{interviews[7]}"] a').text_content() or ""
    page.fill("#find", name)
    expect(page.locator("#rows tr:visible")).to_have_count(1)
    page.fill("#find", "nobody of that name")
    expect(page.locator("#none-found")).to_be_visible()
    assert_clean(page, f"monitoring-nothing-found-{language}-{width}")
