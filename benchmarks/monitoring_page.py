"""监控 in Chromium: 1,000 running interviews that each report every five seconds, watched for some minutes.

From the commit of a report to the frame in which its row shows it; and the main thread's seconds, of the page and of
the same page with nobody running, minute by minute: what grows would make the page slow by the end of a day.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median, quantiles

from playwright.sync_api import CDPSession, Page, sync_playwright

from benchmarks.console_list import served
from benchmarks.table import heading, row
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.monitoring import extended
from tests.browser.serving import CHROMIUM
from tests.browser.sizes import RUNNING, SEASON, sample, season
from tests.pocket import pocket_store

MINUTES = 3
EVERY_S = 5.0
"""A candidate's page reports its health so often."""
AT_ONCE = 20
"""Reports in one transaction: as many as come in a tenth of a second."""
PROBES_PER_MINUTE = 12
FIRST_MARK = 300
"""Frames a second that no camera has: each probe has a number of its own to be known by."""
WATCH = f"""() => {{
  window.seen = {{}};
  window.long = [];
  const look = (records) => {{
    for (const record of records) for (const node of record.addedNodes) {{
      const mark = /\\b(\\d+) fps/.exec(node.textContent ?? "")?.[1];
      if (mark >= {FIRST_MARK} && !(mark in window.seen))
        requestAnimationFrame(() => (window.seen[mark] ??= Date.now()));
    }}
  }};
  new MutationObserver(look).observe(document.querySelector("#rows"), {{ childList: true }});
  new PerformanceObserver((list) => window.long.push(...list.getEntries().map((one) => one.duration)))
    .observe({{ type: "longtask" }});
}}"""


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"]
        )
        with pocket_store(Path(folder) / "store") as pocket:
            full, empty = (f"sqlite:///{folder}/{name}.sqlite" for name in ("full", "empty"))
            database = _prepared(full, pocket.store)
            with (
                served(pocket, full, browser, "monitoring") as page,
                served(pocket, empty, browser, "monitoring") as bare,
            ):
                assert page.locator("#rows tr").count() == RUNNING
                figures = _watch(page, bare, database)
            database.close()
        browser.close()
    return figures


def _prepared(url: str, store: ObjectStore) -> Database:
    """The running interviews among all of a season."""
    database = Database(url)
    database.migrate()
    season(database, store)
    return database


def _watch(page: Page, bare: Page, database: Database) -> dict[str, float]:
    threads = [one.context.new_cdp_session(one) for one in (page, bare)]
    for thread in threads:
        thread.send("Performance.enable")
    page.evaluate(WATCH)
    waits: list[float] = []
    busy: list[tuple[float, float]] = []
    marks: dict[int, float] = {}
    with _reports(database, marks):
        for minute in range(MINUTES):
            before = [_busy_s(thread) for thread in threads]
            sent = _minute(page, database, marks, minute)
            ours, theirs = (
                _busy_s(thread) - was for thread, was in zip(threads, before, strict=True)
            )
            busy.append((ours, theirs))
            seen = _all_seen(page, sent)
            found = [(seen[mark] - at) / 1000 for mark, at in sent.items()]
            waits += found
            long = page.evaluate("window.long.splice(0)")
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            print(
                f"minute {minute + 1}: seen after {median(found):.2f} s, at most {max(found):.2f} s;"
                f" main thread {ours:.2f} s, {len(long)} long tasks, longest {max(long, default=0):.0f} ms;"
                f" heap {heap:.0f} MB"
            )
    heading()
    late = quantiles(waits, n=20, method="inclusive")[-1]
    row("report to page, 95 of 100", late, 3, "s", 1)
    total = sum(ours for ours, _ in busy), sum(theirs for _, theirs in busy)
    print(f"main thread: {total[0]:.2f} s against {total[1]:.2f} s of the page with nobody running")
    return {
        "monitoring_update_s": late,
        "monitoring_update_s_max": max(waits),
        "monitoring_main_thread_share": row(
            "main thread, of the time", total[0], MINUTES * 60, "s", 0.25
        ),
        "monitoring_main_thread_vs_empty": total[0] / total[1],
        "monitoring_main_thread_growth": row(
            "main thread, last minute to first", busy[-1][0], busy[0][0], "s", 1.2
        ),
    }


def _minute(
    page: Page, database: Database, marks: dict[int, float], minute: int
) -> dict[str, float]:
    """A minute of the page, with probes spread over it: when each was stored, ms of this machine's clock, by mark."""
    sent = {}
    ends = time.monotonic() + 60
    for probe in range(PROBES_PER_MINUTE):
        mark = FIRST_MARK + minute * PROBES_PER_MINUTE + probe
        number = SEASON - RUNNING + mark * 7 % RUNNING
        marks[number] = mark
        _store(database, [number], {number: mark})
        sent[str(mark)] = time.time() * 1000
        left = (ends - time.monotonic()) / (
            PROBES_PER_MINUTE - probe
        )  # the last one has its time too
        page.wait_for_timeout(max(left, 0) * 1000)
    return sent


def _all_seen(page: Page, sent: Mapping[str, float]) -> dict[str, float]:
    """When each was in the page. Raises AssertionError when one is not there after half a minute more."""
    for _ in range(60):
        seen: dict[str, float] = page.evaluate("window.seen")
        if sent.keys() <= seen.keys():
            return seen
        page.wait_for_timeout(500)
    raise AssertionError(f"not in the page: {sent.keys() - seen.keys()}")


def _busy_s(thread: CDPSession) -> float:
    """Seconds that the page's main thread has worked so far."""
    found = thread.send("Performance.getMetrics")["metrics"]
    return next(float(one["value"]) for one in found if one["name"] == "TaskDuration")


@contextmanager
def _reports(database: Database, marks: dict[int, float]) -> Iterator[None]:
    """Every running interview reports every `EVERY_S` seconds, from a thread of its own; what is marked stays so."""
    over = threading.Event()

    def report() -> None:
        numbers = range(SEASON - RUNNING, SEASON)
        started, done = time.monotonic(), 0
        while not over.is_set():
            first = done % RUNNING
            some = numbers[first : first + AT_ONCE]
            usual = 24 + done // AT_ONCE % 7
            _store(database, some, {number: marks.get(number, usual) for number in some})
            done += AT_ONCE
            over.wait(max(0.0, started + done * EVERY_S / RUNNING - time.monotonic()))

    with ThreadPoolExecutor(1) as threads:
        reporting = threads.submit(report)
        try:
            yield
        finally:
            over.set()
        reporting.result()  # reports that ceased would make every figure a good one


def _store(database: Database, numbers: Sequence[int], fps: Mapping[int, float]) -> None:
    """As the portal stores what candidates' pages report."""
    now = datetime.now(UTC)
    with database.begin() as tx:
        for number in numbers:
            interview = f"itv_{number:06}"
            known = tx.presence.reporting(interview)
            before = known.presence if known else None
            seen = sample(now, number, fps=fps[number])
            recent = extended(before.recent if before else (), [seen])
            tx.presence.record(interview, [seen], newest=seen, since=None, recent=recent)
