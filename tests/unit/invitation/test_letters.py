"""Letters: what a mail program makes of them, with harmless and with hostile names, in both languages."""

import email
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP
from html.parser import HTMLParser
from itertools import pairwise

import icalendar
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from functions.invitation.deliver import TEMPLATES
from greenroom.adapters.database import InterviewRow
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.interview import InterviewState
from greenroom.domain.message import TO_INTERVIEWERS
from greenroom.domain.model import text_in
from greenroom.domain.plan import Plan
from greenroom.domain.template import Question, Template
from greenroom.runtime.mail.calendar_entry import sequence_of
from greenroom.runtime.mail.letter import House, Letter, Letters, one_line
from greenroom.runtime.mail.notice import write_notice
from greenroom.runtime.tokens import read_candidate_token

KEY = "k" * 32
NOW = datetime(2026, 6, 1, 8, 0, tzinfo=UTC)
DEADLINE = datetime(2026, 6, 30, 10, 0, tzinfo=UTC)
HOUSE = House(
    "星河零售 <hr@example.com>", "https://interview.example.com/", KEY, "Asia/Shanghai", TEMPLATES
)
QUESTIONS = [
    Question(
        id="intro",
        text={"zh-CN": "请介绍自己。", "en": "Introduce yourself."},
        think_s=30,
        min_s=30,
        max_s=120,
        takes=2,
    ),
    Question(
        id="sheet",
        text={"zh-CN": "第一行\n<b>第二行</b>", "en": "First line\n<b>second</b> line"},
        hint={"zh-CN": "不急", "en": "Take your time"},
        think_s=90,
        max_s=300,
        tracks=["camera", "screen"],
    ),
]
INDICATOR = {"id": "clarity", "name": {"en": "Clarity"}, "weight": 100}
COMPETENCY = {
    "id": "talk",
    "name": {"en": "Communication"},
    "weight": 100,
    "indicators": [INDICATOR],
}
PLAN = Plan(
    template=Template(
        id="screening", scenario="screening", name={"en": "Screening"}, questions=QUESTIONS
    ),
    model=CompetencyModel.model_validate(
        {
            "id": "shop",
            "job": {"zh-CN": "零售店长", "en": "Store manager"},
            "competencies": [COMPETENCY],
        }
    ),
)
MESSAGES = sorted(path.parent.name for path in TEMPLATES.glob("*/en"))
HOSTILE = [
    "Eve\r\nBcc: all@example.com",
    "<script>alert(1)</script>",
    '"Eve" <other@example.com>, x',
    "\u202egnp.exe",
    "محمد علي",
    "👩‍👩‍👧 李",
    "=?utf-8?q?x?=",
    "\ue000link\ue000",
    "a\x00b",
    "x" * 200,
    "名" * 200,
]


def interview(**changes: object) -> InterviewRow:
    fields = {
        "id": "itv_abcdefghijklmnopqrst",
        "batch_id": "bat_abcdefghijklmnopqrst",
        "candidate_external_id": "EHR 1",
        "candidate_name": "王晓明",
        "candidate_email": "wang@example.com",
        "locale": "zh-CN",
        "state": InterviewState.CREATED,
        "deadline": DEADLINE,
        "created_at": NOW,
        "submitted_at": None,
        "total_score": None,
        "plan": PLAN,
        "flags": [],
        "token_version": 1,
    }
    return InterviewRow(**{**fields, **changes})


def write(number: int = 1, now: datetime = NOW, **changes: object) -> Letter:
    return Letters(HOUSE).write("invitation_created", interview(**changes), number=number, now=now)


def read(letter: Letter) -> EmailMessage:
    message = email.message_from_bytes(letter.content, policy=SMTP)
    assert isinstance(message, EmailMessage)
    assert message.defects == []
    assert [part.defects for part in message.walk()] == [[]] * 5
    return message


def body(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def calendar(message: EmailMessage) -> icalendar.Calendar:
    (attached,) = message.iter_attachments()
    assert attached.get_content_type() == "text/calendar"
    assert attached["content-type"].params["method"] == "PUBLISH"
    return icalendar.Calendar.from_ical(attached.get_content())


class Page(HTMLParser):
    """The tags, the links and the visible text of an HTML body."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str | None] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        if tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize(
    ("locale", "subject", "deadline"),
    [
        (
            "zh-CN",
            "星河零售邀请您参加「零售店长」视频面试，请在 6月30日 18:00 前完成",
            "2026年6月30日 星期二 18:00（中国标准时间，UTC+08:00）",
        ),
        (
            "en",
            "星河零售: your video interview for Store manager, please finish by 30 June, 18:00",
            "Tuesday, 30 June 2026, 18:00 (China Standard Time, UTC+08:00)",
        ),
    ],
)
def test_a_letter_says_everything_in_the_candidates_language(
    locale: str, subject: str, deadline: str
) -> None:
    message = read(write(locale=locale))
    assert message["Subject"] == subject
    assert message["To"] == "王晓明 <wang@example.com>"
    assert message["From"] == "星河零售 <hr@example.com>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Date"].datetime == NOW
    page = Page(body(message, "html"))
    for text in (body(message, "plain"), page.text):
        assert deadline in text
        assert "王晓明" in text
        assert text_in(PLAN.model.job, locale) in text
        for question in QUESTIONS:
            assert text_in(question.text, locale).splitlines()[0] in text
        for tip in (
            (TEMPLATES / "invitation_created" / locale / "guide.txt").read_text().split("\n")
        ):
            assert tip in text


@pytest.mark.parametrize(
    ("locale", "first", "second"),
    [
        (
            "zh-CN",
            "思考 30 秒，回答 30 秒至 2 分钟，最多可录 2 次",
            "思考 1 分 30 秒，回答不超过 5 分钟，只能录 1 次，需要同时录制屏幕",
        ),
        (
            "en",
            "30 s to think, answer of 30 s to 2 min, up to 2 takes",
            "1 min 30 s to think, answer of up to 5 min, one take, screen recorded as well",
        ),
    ],
)
def test_what_a_question_asks_for(locale: str, first: str, second: str) -> None:
    message = read(write(locale=locale))
    for text in (body(message, "plain"), Page(body(message, "html")).text):
        assert first in text
        assert second in text


def test_the_link_opens_this_interview_until_two_weeks_after_the_deadline() -> None:
    letter = write(token_version=3)
    message = read(letter)
    page = Page(body(message, "html"))
    assert len(set(page.links)) == 1
    link = page.links[0]
    assert link is not None
    assert link in body(message, "plain")
    assert link in page.text
    address, _, token = link.partition("/i/")
    assert address == "https://interview.example.com"
    claims = read_candidate_token(KEY, token, now=DEADLINE + timedelta(days=13))
    assert (claims.interview, claims.version) == ("itv_abcdefghijklmnopqrst", 3)
    assert letter.link_expires == DEADLINE + timedelta(days=14)


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_the_deadline_is_a_calendar_entry_with_alarms(locale: str) -> None:
    message = read(write(locale=locale))
    entry = calendar(message)
    (event,) = entry.events
    assert entry["method"] == "PUBLISH"
    assert event["uid"] == "itv_abcdefghijklmnopqrst@example.com"
    assert event["sequence"] == sequence_of(DEADLINE)
    assert event.decoded("dtstart") == DEADLINE
    assert event.decoded("dtstamp") == NOW
    assert event["url"] == Page(body(message, "html")).links[0]
    assert str(event["description"]).endswith(f"\n{event['url']}")
    triggers = [alarm.decoded("trigger") for alarm in event.walk("VALARM")]
    assert triggers == [timedelta(days=-1), timedelta(hours=-2)]


def test_calendar_lines_keep_to_75_octets() -> None:
    (attached,) = read(write()).iter_attachments()
    lines = attached.get_content().split("\r\n")
    assert max(len(line.encode()) for line in lines) <= 75


def test_the_same_mail_again_has_the_same_message_id_and_only_the_date_differs() -> None:
    letters = Letters(HOUSE)
    one = letters.write("invitation_created", interview(), number=1, now=NOW)
    again = write(now=NOW + timedelta(minutes=5))
    assert again.message_id == one.message_id
    assert re.sub(rb"Date: .*", b"", again.content) == re.sub(rb"Date: .*", b"", one.content)
    assert write(number=2).message_id != one.message_id
    other = write(id="itv_bbbbbbbbbbbbbbbbbbbb")
    assert other.message_id != one.message_id
    assert calendar(read(other)).events[0]["uid"] != calendar(read(one)).events[0]["uid"]


def test_letters_of_one_batch_do_not_mix_their_candidates() -> None:
    letters = Letters(HOUSE)
    ids = [f"itv_{letter * 20}" for letter in "abc"]
    written = [
        letters.write(
            "invitation_created",
            interview(
                id=one, candidate_name=f"name of {one}", candidate_email=f"{one}@example.com"
            ),
            number=1,
            now=NOW,
        )
        for one in ids
    ]
    for one, other in pairwise([*ids, ids[0]]):
        message = read(written[ids.index(one)])
        assert message["To"].addresses[0].addr_spec == f"{one}@example.com"
        for text in (body(message, "plain"), body(message, "html")):
            assert one in text
            assert other not in text


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60))
def test_no_name_gets_out_of_its_place(name: str) -> None:
    _check_name(name)


@pytest.mark.parametrize("name", HOSTILE)
@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_hostile_names_stay_names(name: str, locale: str) -> None:
    _check_name(name, locale=locale)


def _check_name(name: str, **changes: object) -> None:
    plain = write(candidate_name="N", **changes)
    letter = write(candidate_name=name, **changes)
    message, expected = read(letter), read(plain)
    assert message.keys() == expected.keys()
    (address,) = message["To"].addresses
    assert address.addr_spec == "wang@example.com"
    assert max(map(len, letter.content.split(b"\r\n"))) <= 998
    assert letter.content.replace(b"\r\n", b"").count(b"\n") == 0
    html, expected_html = Page(body(message, "html")), Page(body(expected, "html"))
    assert html.tags == expected_html.tags
    assert html.links == expected_html.links
    shown = one_line(name)
    assert html.text == expected_html.text.replace("N", shown, 1) or shown in html.text
    assert len(body(message, "plain").splitlines()) == len(body(expected, "plain").splitlines())


@given(st.text())
@example("a\u2028b\u2029c\x85d\x1ce")
def test_one_line_is_one_line_and_stays_as_it_is(text: str) -> None:
    line = one_line(text)
    assert len(line.splitlines()) <= 1
    assert one_line(line) == line
    assert not set(line) & set("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\ue000")


def test_joiners_of_emoji_and_persian_stay() -> None:
    assert one_line("👩‍👩‍👧 می‌خواهم") == "👩‍👩‍👧 می‌خواهم"


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
def test_markup_in_questions_is_shown_and_not_obeyed(locale: str) -> None:
    message = read(write(locale=locale))
    page = Page(body(message, "html"))
    assert "b" not in page.tags
    assert "<b>" in page.text


def test_templates_of_both_languages_have_the_same_files() -> None:
    folders: Callable[[str], set[str]] = lambda locale: {  # noqa: E731
        path.name for path in (TEMPLATES / "invitation_created" / locale).iterdir()
    }
    assert folders("zh-CN") == folders("en")


@pytest.mark.parametrize("locale", ["zh-CN", "en"])
@pytest.mark.parametrize("message", MESSAGES)
def test_no_message_lets_a_hostile_name_out_of_its_place(message: str, locale: str) -> None:
    letters = Letters(HOUSE)
    for name in HOSTILE:
        to = interview(candidate_name=name, locale=locale)
        if message in TO_INTERVIEWERS:
            letter = write_notice(message, to, to.candidate_email, HOUSE, number=1, now=NOW)
        else:
            letter = letters.write(message, to, number=1, now=NOW)
        mail = email.message_from_bytes(letter.content, policy=SMTP)
        assert isinstance(mail, EmailMessage) and mail.defects == []
        assert mail["Bcc"] is None
        assert [address.addr_spec for address in mail["To"].addresses] == [to.candidate_email]
        html = mail.get_body(("html",))
        assert html is not None and "<script" not in html.get_content()
