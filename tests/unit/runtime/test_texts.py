"""The catalogues: no key missing, none unused, the same placeholders in every language, no text in templates."""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest
from babel.messages.pofile import read_po

from functions.console.bulk import ACTIONS, RESULTS
from functions.console.mail_preview import MAILS
from functions.console.template_form import BOUNDS, ENTRY, TIERS
from functions.portal.status import ADVICE, STEPS
from greenroom.domain.access import Permission, Role
from greenroom.domain.analysis import LACKS
from greenroom.domain.api_key import SCOPES
from greenroom.domain.assembly import GapCause
from greenroom.domain.audit import ActorKind
from greenroom.domain.consent import PURPOSES, RECORDING_WITHDRAWN
from greenroom.domain.decision import OUTCOMES
from greenroom.domain.entry import EnvironmentLimits
from greenroom.domain.evaluations import Recommendation
from greenroom.domain.events import EventType
from greenroom.domain.figures import FunnelStep, MinutesToMail, RecordingFigures
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.follow_up_rules import shipped_rules
from greenroom.domain.identity import PICTURES
from greenroom.domain.interview import RECORDABLE, AnswerState, EhrStatus, InterviewState
from greenroom.domain.manifest import Began
from greenroom.domain.mapping import shipped_mapping
from greenroom.domain.monitoring import Anomaly
from greenroom.domain.policy import Inference, Retention
from greenroom.domain.presence import TROUBLE, Phase, StepName
from greenroom.domain.quality import Level, Verdict
from greenroom.domain.question_bank import Kind
from greenroom.domain.retention import DATA_KINDS
from greenroom.domain.scorecard import ScoreStatus
from greenroom.domain.template import QualityTiers, Scenario, SpokenLanguage, TrackName
from greenroom.domain.webhook import DeliveryState
from greenroom.runtime.texts import LOCALES, catalogue_path, choose_locale, folder_name, texts

ROOT = Path(__file__).parents[3]
FOLDER = ROOT / "locales"
TEMPLATES = sorted(
    [
        *ROOT.glob("functions/*/templates/**/*.html"),
        *ROOT.glob("layers/core/greenroom/runtime/page_templates/*.html"),
    ]
)
WEBHOOKS = ROOT / "layers/core/greenroom/runtime/webhook_operations.py"
CONTRIBUTIONS = [item for group in shipped_mapping().indicators.values() for item in group]
ROOM_PROBLEMS = (
    "denied", "in_use", "no_camera", "no_microphone", "no_device", "insecure", "unsupported", "in_app_browser",
    "screen_denied", "screen_unsupported", "recording_elsewhere", "cannot_record", "no_takes_left",
    "deadline_passed", "interview_not_open", "token_expired", "token_revoked", "consent_missing", "other",
)  # fmt: skip
CONSOLE_PROBLEMS = (
    "session_ended", "sign_in_wrong", "account_locked", "code_wrong", "local_accounts_off", "account_disabled",
    "provider_refused", "provider_unavailable", "provider_not_set_up", "id_token_invalid", "email_missing",
    "role_missing", "role_forbids", "other_site", "form_stale", "password_wrong", "password_short", "password_long",
    "account_elsewhere", "own_account", "unknown_user", "login_taken", "login_invalid", "email_invalid",
    "name_missing", "unknown_role", "invalid_document", "second_factor_exists",
)  # fmt: skip
BATCH_PROBLEMS = (
    "invalid_csv", "csv_encoding", "missing_column", "repeated_column", "no_rows", "too_many_rows",
    "deadline_past", "no_good_rows", "unknown_template", "unknown_competency_model", "unknown_policy",
    "unknown_mapping", "unknown_competency", "unknown_filter", "nobody_fits", "no_question",
)  # fmt: skip
LIST_PROBLEMS = (
    "deadline_not_later", "deadline_past", "deadline_missing", "question_missing", "answer_not_given",
    "answer_in_work", "unknown_answer", "idempotency_key_reused", "in_progress", "nothing_ticked", "too_many_rows",
    "unknown_action", "cursor_lost",
)  # fmt: skip
SETTINGS_PROBLEMS = (
    "invalid_value", "endpoint_exists", "endpoint_not_allowed", "endpoint_unresolved", "endpoint_not_active",
    "unknown_endpoint", "unknown_delivery", "unknown_api_key", "api_key_ended", "api_key_replaced",
    "idempotency_key_reused", "already_over", "invalid_cursor", "secret_elsewhere", "weights_not_100", "model_changed",
    "unknown_competency_model", "template_changed", "template_exists", "question_exists", "unknown_question",
    "unknown_bank_question", "bank_question_changed", "unknown_version", "model_exists",
    "policy_changed", "policy_exists", "policy_shipped", "mapping_exists", "unknown_kind",
)  # fmt: skip
LINK_CODES = ("token_expired", "token_revoked", "token_invalid")


def audited() -> Iterator[str]:
    """Every action that some function writes into the audit log, as the sources have it."""
    for path in [*ROOT.glob("functions/*/*.py"), *ROOT.glob("cli/greenroom_cli/*.py"), WEBHOOKS]:
        source = path.read_text()
        yield from re.findall(r"""audit\.append\(\s*[^"]*?"([a-z_.]+)\"""", source)
        yield from (f"{name}.seen" for name in re.findall(r"""seen="([a-z_]+)\"""", source))


VALUES = {
    "yes", "draft", "submit", "alarm", "restore",
    "sheet", "filter", "check", "propose", "send", "total", "ticked", "all",
    "up", "down", "save", "remove",
}  # fmt: skip
"""What checkboxes and buttons of our forms send."""
CLOSED = {
    "language": LOCALES,
    "state": InterviewState,
    "portal.lead": InterviewState,
    "portal.step": [name for name, _ in STEPS],
    "portal.tracks": ("camera", "camera_screen"),
    "answer_state": AnswerState,
    "consents": [
        f"{purpose}{part}" for purpose in PURPOSES for part in ("", ".about", ".withdrawing")
    ],
    "portal.start": sorted(RECORDABLE),
    "portal.start_about": sorted(RECORDABLE),
    "portal.next": [state for _, states in STEPS for state in states],
    "quality_for_you": get_args(Verdict),
    "advice": sorted(set(ADVICE.values())),
    "began": get_args(Began),
    "ledger": ("recorded", "media", "lost", "interrupted"),
    "identity": PICTURES,
    "identity.state": ("coming", "deleted"),
    "link": [f"{code}.{part}" for code in LINK_CODES for part in ("title", "what", "do")],
    "ehr_status": get_args(EhrStatus),
    "keeping": (*DATA_KINDS, "title", "held", "running"),
    "flag": ("needs_follow_up", "needs_re_record", RECORDING_WITHDRAWN),
    "score": [status for status in get_args(ScoreStatus) if status != "scored"],
    "reason": LACKS,
    "spoken": get_args(SpokenLanguage),
    "gap": get_args(GapCause),
    "track": get_args(TrackName),
    "verdict": get_args(Verdict),
    "level": get_args(Level),
    "funnel": FunnelStep,
    "figures.minutes": tuple(MinutesToMail.model_fields),
    "figures.answers": [
        name for name in RecordingFigures.model_fields if name not in ("lost_s", "success_rate")
    ],
    "defect": {*QualityTiers.model_fields, "duration_s", "track_missing", "media_refused"},
    "event": EventType,
    "step": get_args(StepName),
    "picture": TROUBLE,
    "absence": ("network", "left"),
    "chat": ("job", "interview", "candidate", "score", "flags", "open"),
    "delivery": get_args(DeliveryState),
    "follow_up_source": get_args(FollowUp.model_fields["source"].annotation),
    "identity_room": PICTURES,
    "room.step": ("check", "rules", "questions", "done"),
    "demo.scene": [str(number) for number in range(6)],
    "rules": ("quiet", "face", "takes", "saved", "leave"),
    "measure": [f"{name}{part}" for name in EnvironmentLimits.model_fields for part in ("", ".advice")],
    "problem": (
        *(f"{code}{part}" for code in ROOM_PROBLEMS for part in ("", ".do")),
        "interview_closed", "identity_not_asked", "consent_not_asked",
        "human_review_needed", "interview_not_decidable", "no_such_picture", "unknown_picture",
        "invalid_form", "token_expired", "token_invalid", "invalid_query", "unknown_interview", "unknown_batch",
        "not_scored", *CONSOLE_PROBLEMS, *BATCH_PROBLEMS, *LIST_PROBLEMS, *SETTINGS_PROBLEMS,
    ),
    "bulk": ACTIONS,
    "bulk.result": RESULTS,
    "decision": OUTCOMES,
    "anomaly": Anomaly,
    "anomaly_done": Anomaly,
    "desk.key": ("back", "play", "on", "rate", "chapter"),
    "monitor": ("below_floor", "below_target"),
    "phase": (*get_args(Phase), "away"),
    "picture_hint": ("black", "covered", "frozen", "muted"),
    "recommendation": get_args(Recommendation),
    "role": Role,
    "permission": Permission,
    "endpoint_state": ("active", "failing", "paused", "removed", "gone"),
    "key_state": ("active", "expired", "revoked"),
    "scope": SCOPES,
    "mail": MAILS,
    "mails.calendar": ("publish", "cancel", "none"),
    "scenario": get_args(Scenario),
    "entry": [
        f"{name}{part}" for name in ENTRY for part in ("", ".about")
    ],
    "templates": (*BOUNDS, *TIERS),
    "templates.picture": PICTURES,
    "bank_kind": get_args(Kind),
    "inference": get_args(Inference),
    "policies.retention": tuple(Retention.model_fields),
    "modules": ("ok", "failed", "not_measured"),
    "account.done": ("password", "second_factor", "removed", "sessions"),
}  # fmt: skip
"""Keys that a template (or a chat notice) puts together, by what may follow the dot."""

OPEN = {
    "follow_up_rule": {rule.id for rule in shipped_rules().rules},
    "kind": {item.kind for item in CONTRIBUTIONS},
    "module": {item.module for item in CONTRIBUTIONS},
    "quality": {"fps", "duration_s", "black_share", "silence_share"},
    "unit": {"px", "s"},
    "actor": get_args(ActorKind),
    "audit": set(audited()),
}
"""Names that modules bring: the known ones have texts, an unknown one is shown as it is."""


def catalogue(locale):
    with catalogue_path(FOLDER, locale).open("rb") as file:
        return {item.id: item for item in read_po(file, locale=folder_name(locale)) if item.id}


def keys_of(locale) -> set[str]:
    return {key if isinstance(key, str) else key[0] for key in catalogue(locale)}


def used_literally() -> set[str]:
    found = set()
    for path in TEMPLATES:
        found.update(
            re.findall(r"""(?:\b_|ngettext)\(["']([\w.-]+)["']\s*[,)]""", path.read_text())
        )
    return found


def families() -> Iterator[tuple[str, str]]:
    for path in TEMPLATES:
        for family in re.findall(r"""\b_\(["']([\w.]+)\.["'] ~""", path.read_text()):
            yield path.name, family


def expected() -> set[str]:
    built = {f"{family}.{name}" for family, names in CLOSED.items() for name in names}
    return used_literally() | built


def test_every_built_key_belongs_to_a_known_family() -> None:
    assert {family for _, family in families()} <= CLOSED.keys()


def test_no_key_is_missing_and_none_is_unused() -> None:
    known = keys_of("en")
    brought = {key for key in known if key.partition(".")[0] in OPEN and key not in expected()}
    assert expected() - known == set()
    assert known - expected() - brought == set()
    wanted = {f"{family}.{name}" for family, names in OPEN.items() for name in names}
    assert wanted - known == set()


def test_every_language_has_the_same_keys_in_the_same_order() -> None:
    assert list(catalogue("en")) == list(catalogue("zh-CN"))


@pytest.mark.parametrize("locale", LOCALES)
def test_every_text_is_there_with_the_placeholders_of_the_reference(locale) -> None:
    def placeholders(text: str) -> Counter[str]:
        return Counter(re.findall(r"%\(\w+\)[sd]|%%|%", text))

    reference = catalogue("en")
    for key, message in catalogue(locale).items():
        forms = [message.string] if isinstance(message.string, str) else list(message.string)
        wanted = reference[key].string
        wanted = wanted if isinstance(wanted, str) else wanted[-1]
        for form in forms:
            assert form.strip(), key
            assert "fuzzy" not in message.flags, key
            # A percent sign that is only text may differ between languages; what is filled in may not.
            assert {k for k in placeholders(form) if k != "%%"} == {
                k for k in placeholders(wanted) if k != "%%"
            }, key


def test_plural_forms() -> None:
    assert texts(FOLDER, "en").ungettext("portal.takes", "portal.takes", 1) == "%(num)d take"
    assert texts(FOLDER, "en").ungettext("portal.takes", "portal.takes", 3) == "%(num)d takes"
    assert (
        texts(FOLDER, "zh-CN").ungettext("portal.takes", "portal.takes", 3) == "可录制 %(num)d 次"
    )


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: f"{path.parts[-3]}-{path.name}")
def test_templates_hold_no_text_of_their_own(path) -> None:
    source = re.sub(
        r"\{% block (home|here|body_class|color_scheme) %\}.*?\{% endblock %\}",
        "",
        path.read_text(),
    )
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    spoken = re.findall(r'(?:aria-label|alt|title|placeholder|value)="([^"]*)"', source)
    outside = re.sub(r"<[^>]*>", " ", source)
    words = [word for text in (*spoken, outside) for word in re.findall(r"[^\W\d_]{2,}", text)]
    assert [word for word in words if word not in VALUES] == []


@pytest.mark.parametrize(
    ("wishes", "chosen"),
    [
        (("en",), "en"),
        (("zh-Hans-CN",), "zh-CN"),
        (("fr-FR,fr;q=0.9,en;q=0.8",), "en"),
        ((None, "en-GB"), "en"),
        (("<script>", ""), "zh-CN"),
    ],
)
def test_choosing_a_language(wishes, chosen) -> None:
    assert choose_locale(*wishes, default="zh-CN") == chosen


@pytest.mark.parametrize("locale", LOCALES)
def test_a_catalogue_has_each_message_once_and_nothing_else(locale: str) -> None:
    """A merge can leave its marks, or a message twice, of which gettext takes the last without a word."""
    text = (FOLDER / folder_name(locale) / "LC_MESSAGES" / "greenroom.po").read_text("utf-8")
    keys = Counter(re.findall(r'^msgid "(.+)"$', text, re.MULTILINE))
    assert [key for key, times in keys.items() if times > 1] == []
    strange = [line for line in text.splitlines() if not re.match(r'(msgid|msgstr|") ?|#|$', line)]
    assert strange == []
