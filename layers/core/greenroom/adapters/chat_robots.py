"""Messages to the group robots of 企业微信, 钉钉 and 飞书, signed and answered as each of them documents.

企业微信 https://developer.work.weixin.qq.com/document/path/91770
钉钉 https://open.dingtalk.com/document/robots/custom-robot-access
飞书 https://open.feishu.cn/document/client-docs/bot-v3/add-custom-bot
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from greenroom.adapters.webhooks import Call, Refusal
from greenroom.domain.endpoint_kinds import MINUTE, RobotKind
from greenroom.domain.model import Locale

PAUSES: dict[RobotKind, dict[int, timedelta]] = {
    "wecom": {45009: MINUTE},
    "dingtalk": {130101: timedelta(minutes=10)},
    "feishu": {11232: MINUTE, 99991400: MINUTE},
}
"""By the code for «too many messages»: how long each platform then takes none."""

_MARKUP = str.maketrans(
    {**dict(zip("<>[]()*_`#@", "＜＞［］（）＊＿｀＃＠", strict=True)), "\n": " "}
)


@dataclass(frozen=True)
class Message:
    """A title, lines of (label, what it says), and a link."""

    title: str
    lines: Sequence[tuple[str, str]]
    link_text: str
    link: str
    locale: Locale

    def markdown(self) -> str:
        """What people typed has its markup written in full width: it mentions nobody and links nowhere."""
        said = [f"{label}: {text.translate(_MARKUP)}" for label, text in self.lines]
        return "\n\n".join([f"**{self.title}**", *said, f"[{self.link_text}]({self.link})"])


def robot_call(kind: RobotKind, url: str, secret: str, message: Message, now: datetime) -> Call:
    """The request that says `message` by the robot at `url`. Without `secret` nothing is signed.

    企业微信 signs nothing: the key in its URL is all there is.
    """
    query: dict[str, str] = {}
    body: dict[str, Any]
    if kind == "feishu":
        body = _post(message)
        if secret:
            at = str(int(now.timestamp()))
            body = {"timestamp": at, "sign": feishu_signature(secret, at), **body}
    else:
        name, extra = ("text", {"title": message.title}) if kind == "dingtalk" else ("content", {})
        body = {"msgtype": "markdown", "markdown": {**extra, name: message.markdown()}}
        if kind == "dingtalk" and secret:
            at = str(int(now.timestamp() * 1000))
            query = {"timestamp": at, "sign": dingtalk_signature(secret, at)}
    return Call(
        url,
        {"Content-Type": "application/json; charset=utf-8"},
        json.dumps(body, ensure_ascii=False).encode(),
        query=query,
        why_not=_reader(kind),
    )


def dingtalk_signature(secret: str, timestamp_ms: str) -> str:
    """HMAC-SHA256 with the secret over timestamp (ms), line feed and secret, in base64."""
    return _base64_hmac(secret, f"{timestamp_ms}\n{secret}")


def feishu_signature(secret: str, timestamp_s: str) -> str:
    """HMAC-SHA256 of nothing, with timestamp (s), line feed and secret as its key, in base64."""
    return _base64_hmac(f"{timestamp_s}\n{secret}", "")


def _base64_hmac(key: str, text: str) -> str:
    return base64.b64encode(hmac.digest(key.encode(), text.encode(), hashlib.sha256)).decode()


def _post(message: Message) -> dict[str, Any]:
    """飞书's rich text, whose parts are data and no markup."""
    content: list[list[dict[str, str]]] = [
        [{"tag": "text", "text": f"{label}: {text}"}] for label, text in message.lines
    ]
    content.append([{"tag": "a", "text": message.link_text, "href": message.link}])
    locale = "zh_cn" if message.locale == "zh-CN" else "en_us"
    post = {locale: {"title": message.title, "content": content}}
    return {"msg_type": "post", "content": {"post": post}}


def _reader(kind: RobotKind) -> Callable[[str], Refusal | None]:
    """All three answer 200 whatever happened, with `errcode` or `code`, 0 where the message was taken."""

    def why_not(answer: str) -> Refusal | None:
        try:
            said = json.loads(answer)
            code = said["code" if kind == "feishu" else "errcode"]
        except (ValueError, TypeError, KeyError, RecursionError):
            return Refusal("its answer has no code of the platform")
        if type(code) is not int:
            return Refusal("its answer's code is no number")
        if code == 0:
            return None
        text = str(said.get("msg" if kind == "feishu" else "errmsg", ""))
        return Refusal(f"code {code}: {text[:200]}", PAUSES[kind].get(code))

    return why_not
