"""JPEG pictures for tests, as a browser's canvas writes them."""

from __future__ import annotations

import io

from PIL import Image


def jpeg(width: int = 320, height: int = 240, **options: object) -> bytes:
    """A grey gradient; `options` as Pillow's JPEG writer takes them."""
    out = io.BytesIO()
    Image.linear_gradient("L").resize((width, height)).convert("RGB").save(out, "JPEG", **options)
    return out.getvalue()
