"""The console has a light and a dark theme: a colour that is written out by itself would be wrong in one of them."""

import re
from pathlib import Path

STATIC = Path("functions/console/static")
SHARED = Path("layers/core/greenroom/runtime/page_static/greenroom.css")
COLOUR = re.compile(r"#[0-9a-f]{3,8}\b|\b(?:rgb|hsl)a?\(", re.IGNORECASE)
LIGHT_IN_BOTH = (".mail-frame", ".qr", "video")
"""A letter as it is read, a code that cameras read, the ground of a picture."""
TOKEN = re.compile(r"--[a-z-]+:[^;]+;")


def test_rules_name_colours_and_only_themes_write_them_out() -> None:
    written_out = []
    for path in (SHARED, *sorted(STATIC.glob("*.css"))):
        for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
            rule = TOKEN.sub("", line)
            if rule.startswith(LIGHT_IN_BOTH) or "box-shadow" in rule:
                continue
            if COLOUR.search(rule.partition("{")[2] or rule):
                written_out.append(f"{path.name}:{number}: {line.strip()[:80]}")
    assert written_out == [], "var(--paper), var(--edge), … have a value in each theme"


def tokens(css: str) -> set[str]:
    return set(re.findall(r"(--[a-z-]+):", css))


def test_every_colour_of_the_light_theme_has_one_in_the_dark() -> None:
    console = (STATIC / "console.css").read_text("utf-8")
    light, dark = console.split("@media (prefers-color-scheme: dark) {", 1)
    dark = dark.split("\n}\n", 1)[0]
    assert (tokens(SHARED.read_text("utf-8")) | tokens(light)) - {"--radius"} == tokens(dark)
