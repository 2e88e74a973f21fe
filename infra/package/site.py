"""Folders as Python imports them: third-party distributions from the lock file, and our own packages."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from infra.package.contents import distributions, kept, locked

IGNORED = shutil.ignore_patterns("__pycache__", "*.pyc", "README.md")


def install(names: set[str], folder: Path) -> None:
    """Install the lock file's versions of `names`, hashes checked, without what is never imported."""
    folder.mkdir(parents=True, exist_ok=True)
    if not names:
        return
    with tempfile.TemporaryDirectory() as temporary:
        wanted = Path(temporary, "requirements.txt")
        wanted.write_text(locked(names), "utf-8")
        whole = Path(temporary, "site")
        uv = str(Path(sys.executable).with_name("uv"))
        checked = ["--no-deps", "--require-hashes", "-r", str(wanted)]
        target = ["--target", str(whole), "--python", sys.executable, "--link-mode", "copy"]
        subprocess.run([uv, "pip", "install", "--quiet", *checked, *target], check=True)
        for path in sorted(whole.rglob("*")):
            name = path.relative_to(whole).as_posix()
            if path.is_file() and kept(name):
                copied = folder / name
                copied.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(path, copied)


def own_layer(layer: str, folder: Path, *, host: bool) -> None:
    """A layer's package and its metadata, by which analysis modules are found."""
    package = "greenroom" if layer == "core" else f"greenroom_{layer}"
    copy(Path("layers", layer, package), folder / package)
    if layer == "core" and not host:
        shutil.rmtree(folder / "greenroom/host")
    _metadata(layer, folder)


def layer_names(layers: list[str], *, host: bool) -> set[str]:
    """All distributions below `layers` together."""
    return {name for layer in layers for name in distributions(layer, host=host)}


def function_files(name: str, folder: Path) -> None:
    """A function's own files, and the texts and mails that it may show."""
    copy(Path("functions", name), folder / "functions" / name)
    shutil.copy("functions/__init__.py", folder / "functions/__init__.py")
    copy(Path("locales"), folder / "locales")
    if name in ("invitation", "console"):
        copy(Path("email_templates"), folder / "email_templates")


def copy(source: Path, target: Path) -> None:
    """A folder without what running leaves behind."""
    shutil.copytree(source, target, ignore=IGNORED, dirs_exist_ok=True)


def _metadata(layer: str, folder: Path) -> None:
    import tomllib

    project = tomllib.loads(Path("layers", layer, "pyproject.toml").read_text("utf-8"))["project"]
    name = project["name"].replace("-", "_")
    info = folder / f"{name}-{project['version']}.dist-info"
    info.mkdir(parents=True)
    lines = ("Metadata-Version: 2.1", f"Name: {project['name']}", f"Version: {project['version']}")
    (info / "METADATA").write_text("\n".join(lines) + "\n", "utf-8")
    points = project.get("entry-points", {})
    if points:
        text = "".join(
            f"[{group}]\n" + "".join(f"{key} = {value}\n" for key, value in sorted(named.items()))
            for group, named in sorted(points.items())
        )
        (info / "entry_points.txt").write_text(text, "utf-8")
