"""The candidate's mailbox: wait for the invitation, take the personal link from it."""

from __future__ import annotations

import re
import time
from email import message_from_bytes, policy

import httpx

_LINK = re.compile(r"https?://\S+/i/[A-Za-z0-9_.-]+")


def personal_link(mailbox: str, address: str, timeout_s: float) -> str:
    """The link in the newest mail to `address`. Raises TimeoutError when no mail comes."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        link = newest_link(mailbox, address)
        if link is not None:
            return link
        time.sleep(0.2)
    raise TimeoutError(f"no invitation for {address} after {timeout_s:.0f} s")


def newest_link(mailbox: str, address: str) -> str | None:
    """The link in the newest mail to `address` that has one; None when there is none now."""
    with httpx.Client(base_url=mailbox, timeout=10) as http:
        listed = http.get("/api/mails", params={"to": address}).raise_for_status().json()
        for mail in listed["mails"]:
            raw = http.get(f"/api/mails/{mail['id']}/raw").raise_for_status().content
            link = _link_in(raw)
            if link is not None:
                return link
    return None


def _link_in(raw: bytes) -> str | None:
    message = message_from_bytes(raw, policy=policy.default)
    part = message.get_body(("plain",))
    match = _LINK.search(part.get_content()) if part is not None else None
    return match[0] if match else None
