"""The demo's story: batch, mail, link, upload, assembly, checks, scores, webhooks; then its report."""

from __future__ import annotations

import json
import secrets
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import httpx
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from greenroom_cli.demo.candidate import Candidate, Take
from greenroom_cli.demo.hr import HrSystem
from greenroom_cli.demo.mail import personal_link
from greenroom_cli.demo.receiver import Receiver
from greenroom_cli.demo.report import as_document, fetch_recordings, show
from greenroom_cli.demo.talking_picture import talking_picture
from greenroom_local.platform import PocketPlatform
from greenroom_media.errors import MediaRefused
from greenroom_media.probe import probe

MODEL = "store-manager"
PART_BYTES = 512 * 1024
ENDS = {"interview.scored", "interview.human_review", "interview.re_record"}


@dataclass(frozen=True)
class Server:
    """Where a running platform is reached, as HR's system and a mail reader know it."""

    url: str
    api_key: str
    mailbox: str


def demo(
    video: Annotated[
        Path | None, typer.Argument(help="A recorded answer; made up when left out.")
    ] = None,
    screen: Annotated[Path | None, typer.Option(help="A screen recording beside it.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
    server: Annotated[str | None, typer.Option(help="URL of a running platform.")] = None,
    api_key: Annotated[
        str | None, typer.Option(envvar="GREENROOM_API_KEY", help="With --server: HR's API key.")
    ] = None,
    mailbox: Annotated[
        str | None, typer.Option(help="With --server: URL of the pocket platform's mailbox.")
    ] = None,
    keep: Annotated[Path, typer.Option(help="Folder for the assembled recordings.")] = Path(
        ".data/demo"
    ),
    timeout: Annotated[float, typer.Option(help="Seconds to wait for the scorecard.")] = 900,
) -> None:
    """One interview, from HR's batch to the signed webhook, on a real recording."""
    console = Console(stderr=as_json)
    with tempfile.TemporaryDirectory(prefix="greenroom-demo-") as folder:
        progress = _progress(console)
        try:
            with progress:
                story = _Story(progress, Path(folder), keep.resolve(), timeout)
                document, faults = story.run(video, screen, _server(server, api_key, mailbox))
        except (RuntimeError, TimeoutError, OSError, httpx.HTTPError) as error:
            console.print(f"[red]The demo failed:[/] {error}")
            raise typer.Exit(1) from error
    if as_json:
        print(json.dumps(document, ensure_ascii=False, indent=2))  # noqa: T201
    else:
        show(document, console)
    for fault in faults:
        console.print(f"[red]{fault}[/]")
    raise typer.Exit(1 if faults else 0)


def _server(url: str | None, api_key: str | None, mailbox: str | None) -> Server | None:
    if url is None:
        return None
    if not api_key or not mailbox:
        raise typer.BadParameter("--server needs --api-key (or GREENROOM_API_KEY) and --mailbox")
    return Server(url.rstrip("/"), api_key, mailbox.rstrip("/"))


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(finished_text="[green]✓[/]"),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TimeElapsedColumn(),
        console=console,
    )


class _Story:
    """The steps in their order, each shown while it runs."""

    def __init__(self, progress: Progress, folder: Path, keep: Path, timeout_s: float) -> None:
        self._progress = progress
        self._folder = folder
        self._keep = keep
        self._timeout_s = timeout_s

    def run(
        self, video: Path | None, screen: Path | None, server: Server | None
    ) -> tuple[dict[str, Any], list[str]]:
        """The report's document, and what went wrong in words (nothing when all is well)."""
        takes = self._takes(video, screen)
        with ExitStack() as stack:
            if server is None:
                with self._step("Start a platform of its own on free ports"):
                    server = stack.enter_context(_own_platform(self._folder / "platform"))
            receiver = stack.enter_context(Receiver())
            hr = HrSystem(server.url, server.api_key)
            with self._step("HR: competency model, template, webhook endpoint"):
                template = "skills" if screen else "screening"
                hr.import_catalogue(MODEL, template)
                receiver.secret = hr.register_webhook(receiver.url)
            stack.callback(hr.remove_webhook)
            link = self._invite(hr, server, template, takes)
            interview = self._record(link, takes)
            end = self._await_end(receiver, interview)
            with self._step("Fetch the results and check the recordings' digests"):
                results = hr.results(interview)
                folder = self._keep / interview
                folder.mkdir(parents=True, exist_ok=True)
                faults = fetch_recordings(results, folder)
            document = as_document(results, receiver.received)
            (folder / "report.json").write_text(json.dumps(document, ensure_ascii=False, indent=2))
            return document, faults + _faults(document, end)

    def _takes(self, video: Path | None, screen: Path | None) -> list[Take]:
        if video is None:
            with self._step("Make a talking picture"):
                video = talking_picture(self._folder)
        with self._step("Look at the recording"):
            takes = [_take("camera", video)]
            if screen is not None:
                takes.append(_take("screen", screen))
        return takes

    def _invite(self, hr: HrSystem, server: Server, template: str, takes: list[Take]) -> str:
        who = secrets.token_hex(4)
        address = f"candidate-{who}@example.com"
        candidate = {"external_id": f"demo-{who}", "name": "李明", "email": address}
        with self._step("HR: send the batch, wait for the invitation mail"):
            hr.invite(candidate, _question(takes), model=MODEL, template=template)
            return personal_link(server.mailbox, address, 60)

    def _record(self, link: str, takes: list[Take]) -> str:
        candidate = Candidate(link)
        with self._step("Candidate: open the link, consent"):
            interview = str(candidate.open_link()["interview"])
            candidate.consent()
        size = sum(take.path.stat().st_size for take in takes)
        with self._step(f"Candidate: upload {size / 2**20:.1f} MB in parts", total=size) as task:
            candidate.answer(
                "q1",
                takes,
                part_bytes=PART_BYTES,
                progress=lambda sent: self._progress.advance(task, sent),
            )
            candidate.submit()
        return interview

    def _await_end(self, receiver: Receiver, interview: str) -> str:
        """Show the pipeline's stages as their webhooks come; the type of the one that ends the story."""
        deadline = time.monotonic() + self._timeout_s
        seen = ""
        for words, types in (
            ("Assemble the parts", {"answer.assembled"}),
            ("Check the quality", {"answer.checked", "answer.re_record"}),
            ("Analyse and score", ENDS),
        ):
            with self._step(words):
                received = receiver.wait_for(types, interview, deadline - time.monotonic())
                if received is None:
                    raise TimeoutError(f"no webhook {' or '.join(sorted(types))} in time")
                seen = received.type
        return seen

    @contextmanager
    def _step(self, words: str, total: float | None = None) -> Iterator[Any]:
        task = self._progress.add_task(words, total=total)
        yield task
        self._progress.update(task, total=1, completed=1)


@contextmanager
def _own_platform(data: Path) -> Iterator[Server]:
    with PocketPlatform(data, ports="free") as platform:
        yield Server(platform.url, platform.api_key, platform.mailbox_url)


def _take(track: str, path: Path) -> Take:
    try:
        recording = probe(path)
    except MediaRefused:
        # What is no recording goes on its way too: refusing it is the platform's job, not the client's.
        return Take(track, path, "video/webm", 0)
    kind = "mp4" if recording.container in ("mp4", "quicktime") else "webm"
    if recording.container == "matroska":
        kind = "x-matroska"
    return Take(track, path, f"video/{kind}", recording.duration_s)


def _question(takes: list[Take]) -> dict[str, Any]:
    return {
        "id": "q1",
        "text": {
            "zh-CN": "请讲述一次跨部门项目协调经历。",
            "en": "Tell us about a project that you coordinated across departments.",
        },
        "tracks": [take.track for take in takes],
        "min_s": 1,
        "max_s": 7200,
    }


def _faults(document: dict[str, Any], end: str) -> list[str]:
    """Why this run is no success; empty when it is."""
    faults = []
    if end == "interview.re_record":
        reasons = [
            reason for answer in document["answers"] for reason in answer["quality"]["reasons"]
        ]
        faults.append(f"The recording must be taken again: {', '.join(reasons)}")
    if not all(item["verified"] for item in document["webhooks"]):
        faults.append("A webhook came with a wrong signature")
    if document["loss_ms"]:
        faults.append(f"{document['loss_ms']} ms were lost")
    return faults
