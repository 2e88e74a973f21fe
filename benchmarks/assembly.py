"""Assembly of a 30-minute recording in 2 s parts: the real handler over the pocket store against ``cat`` and ffmpeg.

The floor reads the parts as files, joins them with ``cat`` and copies the packets once with ``ffmpeg -c copy``: no
store, no digest, no measuring. Ours downloads every part over HTTP, verifies it, joins, lists every packet, writes
the recording back over HTTP and waits until it is on disk. Between the two stand the floor's own commands with the
store at both ends, nothing verified and nothing measured: once with curl over one connection, which is what HTTP and
the disk's flush alone cost, and once as anybody would write it first, with boto3 downloads and uploads. Memory is the
handler's process and its ffmpeg together.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import os
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import boto3
from botocore.config import Config

from benchmarks.table import alternate, heading, row
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.interview import InterviewState
from greenroom.domain.keys import AttemptRef
from greenroom.domain.manifest import Manifest
from greenroom_media.binary import find
from tests.attempt_fixtures import cut, upload
from tests.pocket import ACCESS_KEY, BUCKET, SECRET_KEY, pocket_store
from tests.seeded import environment, invite

RUNS = 3
PART_S = 2
LIMIT_MB = 200
_CLIP_S = 20
_SAMPLE_S = 0.01
_SPAWN = multiprocessing.get_context("spawn")


def run() -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="greenroom-bench-") as name:
        folder = Path(name)
        with pocket_store(folder / "store") as pocket:
            url = f"sqlite:///{folder}/greenroom.sqlite"
            settings = environment(url) | pocket.environment
            settings["GREENROOM_ASSEMBLY__FOLDER"] = str(folder / "work")
            database = Database(url)
            database.migrate()
            short = _sealed(folder, pocket.store, database, minutes=3)
            long = _sealed(folder, pocket.store, database, minutes=30)
            peaks = {minutes: _peak_mb(ref, settings) for minutes, ref in ((3, short), (30, long))}
            with _worker(settings) as worker:
                found = alternate(
                    RUNS,
                    ours=lambda: worker.assemble(long, pocket.store),
                    floor=lambda: _floor(folder, folder / "parts"),
                    http=lambda: _over_http(folder, long, pocket.store),
                    script=lambda: _script(folder, long, pocket.url),
                )
    heading()
    ratio = row("30 minutes against cat + ffmpeg", found["ours"], found["floor"], "s", 1.3)
    of_http = row("… and the same with curl and a store", found["ours"], found["http"], "s", 1.3)
    of_script = row("… and the same with boto3 transfers", found["ours"], found["script"], "s", 1)
    row("peak memory, 30 min : 3 min", peaks[30], peaks[3], "MB", 1.2)
    verdict = "met" if max(peaks.values()) < LIMIT_MB else "MISSED"
    print(f"{'peak memory':<34} {max(peaks.values()):>10.1f} MB, aim < {LIMIT_MB} MB {verdict}")
    return {
        "assembly_vs_floor": ratio,
        "assembly_vs_http_floor": of_http,
        "assembly_vs_script": of_script,
        "assembly_peak_mb_3min": peaks[3],
        "assembly_peak_mb_30min": peaks[30],
    }


def _sealed(folder: Path, store: ObjectStore, database: Database, *, minutes: int) -> AttemptRef:
    """An attempt of that length, uploaded and sealed; its parts also lie in `folder` for the floor."""
    pieces = cut(_recording(folder, minutes).read_bytes(), minutes * 60 // PART_S)
    parts = folder / "parts"
    parts.mkdir(exist_ok=True)
    for number, piece in enumerate(pieces):
        (parts / f"{number:06d}").write_bytes(piece)
    (interview,) = invite(database, [f"{minutes} minutes"])
    with database.begin() as tx:
        tx.interviews.move(interview, InterviewState.OPENED)
        tx.interviews.move(interview, InterviewState.IN_PROGRESS)
        started = tx.interviews.start_attempt(interview, "coordination")
    ref = AttemptRef(interview, "coordination", started.attempt)
    body = Manifest(tracks=[upload(store, [pieces], ref=ref)]).canonical()
    store.put(ref.manifest, body)
    with database.begin() as tx:
        tx.interviews.seal_attempt(ref, hashlib.sha256(body).hexdigest())
    return ref


def _recording(folder: Path, minutes: int) -> Path:
    """720p VP8 and Opus, live WebM as a browser records it, about 1.6 Mbit/s: a short clip over and over."""
    clip = folder / "clip.webm"
    if not clip.exists():
        picture = f"testsrc2=size=1280x720:rate=30:duration={_CLIP_S}"
        video = ("-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-b:v", "1500k")
        sound = ("-f", "lavfi", "-i", f"sine=sample_rate=48000:duration={_CLIP_S}")
        _ffmpeg("-f", "lavfi", "-i", picture, *sound, *video, "-g", "60", "-c:a", "libopus", clip)
    path = folder / f"{minutes}.webm"
    again = str(minutes * 60 // _CLIP_S)
    length = ("-t", str(minutes * 60))
    _ffmpeg("-stream_loop", again, "-i", clip, "-c", "copy", *length, "-live", "1", path)
    return path


def _ffmpeg(*words: str | Path) -> None:
    command = [find().path, "-v", "error", "-nostdin", "-y", *map(str, words)]
    subprocess.run(command, check=True)


def _floor(folder: Path, parts: Path) -> float:
    started = time.perf_counter()
    joined = folder / "floor.webm"
    with joined.open("wb") as out:
        subprocess.run(["cat", *sorted(parts.iterdir())], stdout=out, check=True)
    _ffmpeg("-i", joined, "-c", "copy", folder / "floor-copied.webm")
    return time.perf_counter() - started


def _over_http(folder: Path, ref: AttemptRef, store: ObjectStore) -> float:
    numbers = range(30 * 60 // PART_S)
    urls = [store.download_url(ref.part("camera", 0, n), expires_s=600) for n in numbers]
    wanted = "".join(f'url = "{url}"\n' for url in urls)
    started = time.perf_counter()
    joined = folder / "fetched.webm"
    with joined.open("wb") as out:
        curl = ["curl", "--silent", "--fail", "--config", "-"]
        subprocess.run(curl, input=wanted.encode(), stdout=out, check=True)
    copied = folder / "fetched-copied.webm"
    _ffmpeg("-i", joined, "-c", "copy", copied)
    store.put_file("http.webm", copied, "video/webm")
    return time.perf_counter() - started


def _script(folder: Path, ref: AttemptRef, url: str) -> float:
    client = boto3.client(
        "s3",
        endpoint_url=url,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
        region_name="us-east-1",
        config=Config(request_checksum_calculation="when_required"),
    )
    started = time.perf_counter()
    parts = folder / "downloaded"
    parts.mkdir(exist_ok=True)

    def download(number: int) -> None:
        body = client.get_object(Bucket=BUCKET, Key=ref.part("camera", 0, number))["Body"].read()
        (parts / f"{number:06d}").write_bytes(body)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(download, range(30 * 60 // PART_S)))
    _floor(folder, parts)
    client.upload_file(str(folder / "floor-copied.webm"), BUCKET, "script.webm")
    return time.perf_counter() - started


class _Worker:
    """A process that assembles when told, as the platform's worker does."""

    def __init__(self, pid: int, commands: Connection) -> None:
        self.pid = pid
        self._commands = commands

    def assemble(self, ref: AttemptRef, store: ObjectStore | None = None) -> float:
        """Seconds that the handler took. What an earlier run wrote to `store` is removed first."""
        if store is not None:
            for found in list(store.listing(f"recordings/{ref.interview}/")):
                store.delete(found.key)
        self._commands.send(ref.manifest)
        seconds: float = self._commands.recv()
        return seconds


@contextmanager
def _worker(settings: dict[str, str]) -> Iterator[_Worker]:
    here, there = _SPAWN.Pipe()
    process = _SPAWN.Process(target=_serve, args=(there, settings), daemon=True)
    process.start()
    assert process.pid is not None
    try:
        yield _Worker(process.pid, here)
    finally:
        here.send("")
        process.join()


def _serve(commands: Connection, settings: dict[str, str]) -> None:
    from tests.faults.assembly_worker import work

    while key := commands.recv():
        started = time.perf_counter()
        work(settings, key)
        commands.send(time.perf_counter() - started)


def _peak_mb(ref: AttemptRef, settings: dict[str, str]) -> float:
    """Highest resident memory of a fresh worker and its children while it assembles, in MB (10^6 bytes)."""
    peak, done = 0, threading.Event()
    with _worker(settings) as worker:

        def watch() -> None:
            nonlocal peak
            while not done.wait(_SAMPLE_S):
                peak = max(peak, _resident(worker.pid))

        watcher = threading.Thread(target=watch)
        watcher.start()
        worker.assemble(ref)
        done.set()
        watcher.join()
    return peak / 1e6


def _resident(pid: int) -> int:
    """Bytes of a process and of its children (Linux).

    A child that has not yet become another program still has its parent's memory, which counts once.
    """
    process = Path(f"/proc/{pid}")
    total = 0
    try:
        program = (process / "exe").readlink()
        total += int((process / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        for task in (process / "task").iterdir():
            for child in (task / "children").read_text().split():
                if Path(f"/proc/{child}/exe").readlink() != program:
                    total += _resident(int(child))
    except (FileNotFoundError, ProcessLookupError):
        pass  # it ended while we looked
    return total
