"""Settings, templates: copied, edited question by question, kept in every version; what is typed is never lost."""

from __future__ import annotations

import re

import pytest

from functions.console.app import app
from functions.console.template_form import general_fields, limit_fields, question_fields
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.domain.template import Template, shipped_template
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import MODEL, SettableClock, set_up

TEMPLATES = "/console/settings/templates"
PAGE = f"{TEMPLATES}/skills"
SHIPPED = shipped_template("skills")


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(app, SettableClock())
    with database.begin() as tx:
        tx.catalogue.save_template(SHIPPED)
        tx.catalogue.save_model(MODEL)
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


def kept(database: Database, template: str = "skills") -> Template:
    with database.begin() as tx:
        return tx.catalogue.template(template)


def general(client: FunctionClient, who: SignedIn, *without: str, **changed: str) -> Answer:
    fields = {**general_fields(SHIPPED), **changed}
    sent = {name: value for name, value in fields.items() if name not in without}
    return client.form(PAGE, who.form(**sent), cookie=who.cookie)


def question(client: FunctionClient, who: SignedIn, name: str, **fields: str) -> Answer:
    return client.form(f"{PAGE}/questions/{name}", who.form(**fields), cookie=who.cookie)


def wrong_fields(answer: Answer) -> list[str]:
    return re.findall(r'id="([\w.-]+)-wrong"', answer.text)


def test_rules_and_modules_are_a_new_version_however_often_the_form_is_sent(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    for _ in range(2):
        answer = general(
            client,
            hr,
            "module.screen",
            "entry.demonstration",
            **{"entry.follow_ups": "yes", "pin.vision": "0.4.0", "picture.card": "yes"},
        )
        assert answer.status == 303
    template = kept(database)
    assert template.version == 2
    assert template.modules == {"speech": None, "vision": "0.4.0", "language": None}
    assert template.entry.follow_ups and not template.entry.demonstration
    assert template.entry.identity == ["card"]
    # What the form does not show is as it was.
    assert template.questions == SHIPPED.questions
    assert template.entry.environment == SHIPPED.entry.environment
    with database.begin() as tx:
        saved = [one for one in tx.audit.find() if one.act.action == "template.saved"]
        versions = tx.catalogue.versions.of("template", "skills")
    assert [entry.act.details["version"] for entry in saved] == [2]
    assert [one.number for one in versions] == [2, 1]
    assert versions[0].saved_by == saved[0].act.actor.id
    late = general(client, hr, **{"name.en": "Craft"})
    assert late.status == 409 and "template_changed" in late.text
    assert 'value="Craft"' in late.text
    assert kept(database) == template


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name.en": "n" * 2001}, "name.en"),
        ({"scenario": "chess"}, "scenario"),
        ({"mapping": "v99"}, "mapping"),
        ({"other": "Not A Module"}, "other"),
        ({"other": "speech"}, "entry.follow_ups"),
    ],
)
def test_what_does_not_fit_comes_back_with_the_reason_beside_its_field(
    client: FunctionClient, database: Database, hr: SignedIn, changed: dict[str, str], field: str
) -> None:
    answer = general(client, hr, **{"name.zh-CN": "专业", **changed})
    assert 400 <= answer.status < 500
    assert wrong_fields(answer) == [field]
    assert 'value="专业"' in answer.text
    assert kept(database) == SHIPPED


def test_a_copy_is_made_once_and_of_what_ships_too(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    form = {"from": "values", "id": "board", "name.zh-CN": "董事会", "name.en": ""}
    for _ in range(2):
        assert client.form(TEMPLATES, hr.form(**form), cookie=hr.cookie).status == 303
    copy = kept(database, "board")
    assert (copy.version, copy.name) == (1, {"zh-CN": "董事会"})
    assert copy.questions == shipped_template("values").questions
    taken = client.form(TEMPLATES, hr.form(**{**form, "from": "skills"}), cookie=hr.cookie)
    assert taken.status == 409 and wrong_fields(taken) == ["id"]
    nameless = client.form(
        TEMPLATES, hr.form(**{**form, "id": "x", "name.zh-CN": " "}), cookie=hr.cookie
    )
    assert wrong_fields(nameless) == ["name.zh-CN"]
    assert kept(database, "board") == copy


def test_questions_are_added_changed_moved_and_removed(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    new = {
        "id": "q3",
        "text.en": "Why us?",
        "think_s": "10",
        "min_s": "20",
        "max_s": "90.5",
        "takes": "3",
        "screen": "yes",
        "competency.service": "yes",
        "language_required": "en",
    }
    for _ in range(2):
        assert question(client, hr, "new", version="1", **new).status == 303
    added = kept(database).questions[-1]
    assert (added.id, added.max_s, added.takes) == ("q3", 90.5, 3)
    assert (added.competencies, added.tracks) == (["service"], ["camera", "screen"])
    for _ in range(2):
        assert question(client, hr, "q3", version="2", do="up").status == 303
    assert [one.id for one in kept(database).questions] == ["q1", "q3", "q2"]
    fields = {**question_fields(added), "text.en": "Why this bank?", "takes": "1"}
    assert question(client, hr, "q3", version="3", do="save", **fields).status == 303
    assert kept(database).question("q3").text == {"en": "Why this bank?"}
    for version, name in ((4, "q1"), (5, "q2")):
        assert question(client, hr, name, version=str(version), do="remove").status == 303
    last = question(client, hr, "q3", version="6", do="remove")
    assert last.status == 409 and "no_question" in last.text
    assert [one.id for one in kept(database).questions] == ["q3"]


def test_a_question_that_somebody_removes_meanwhile_comes_back_as_a_new_one(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    typed = {**question_fields(SHIPPED.questions[1]), "text.en": "Typed for long", "do": "save"}
    assert question(client, hr, "q2", version="1", do="remove").status == 303
    late = question(client, hr, "q2", version="1", **typed)
    assert late.status == 409 and "template_changed" in late.text and "Typed for long" in late.text
    assert 'action="/console/settings/templates/skills/questions/new"' in late.text
    assert question(client, hr, "new", **{**typed, "version": "2", "id": "q2"}).status == 303
    assert kept(database).question("q2").text["en"] == "Typed for long"


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"min_s": "300", "max_s": "60"}, "min_s"),
        ({"max_s": "long"}, "max_s"),
        ({"takes": "0"}, "takes"),
        ({"text.en": "", "text.zh-CN": " "}, "text.zh-CN"),
        ({"id": "q1"}, "id"),
        ({"id": "new"}, "id"),
        ({"id": "第一题"}, "id"),
        ({"language_required": "tlh"}, "language_required"),
    ],
)
def test_a_question_that_cannot_be_comes_back(
    client: FunctionClient, database: Database, hr: SignedIn, changed: dict[str, str], field: str
) -> None:
    typed = {**question_fields(None), "id": "q3", "text.en": "Why?", "hint.en": "Be brief"}
    answer = question(client, hr, "new", version="1", **{**typed, **changed})
    assert 400 <= answer.status < 500
    assert wrong_fields(answer) == [field]
    assert "Be brief" in answer.text
    assert kept(database) == SHIPPED


def test_a_question_is_filled_in_from_the_bank(client: FunctionClient, hr: SignedIn) -> None:
    with app.database.begin() as tx:
        first = tx.catalogue.bank().questions[0]
    page = client.get(f"{PAGE}/questions/new?bank={first.id}&lang=en", cookie=hr.cookie)
    assert first.text["en"] in page.text and f'value="{first.id}"' in page.text
    gone = client.get(f"{PAGE}/questions/new?bank=none", cookie=hr.cookie)
    assert gone.status == 404 and "unknown_bank_question" in gone.text


def test_limits(client: FunctionClient, database: Database, hr: SignedIn) -> None:
    changed = {"environment.fps.block": "5", "quality.fps.floor": "", "quality.snr_db.target": "35"}
    fields = {**limit_fields(SHIPPED), **changed}
    assert client.form(f"{PAGE}/limits", hr.form(**fields), cookie=hr.cookie).status == 303
    template = kept(database)
    assert template.entry.environment.fps.block == 5
    assert template.quality.fps.floor is None and template.quality.snr_db.target == 35
    assert template.questions == SHIPPED.questions
    fields |= {"version": "2", "environment.free_mb.warn": "-1", "quality.blur_share.target": "x"}
    answer = client.form(f"{PAGE}/limits", hr.form(**fields), cookie=hr.cookie)
    assert answer.status == 422
    assert wrong_fields(answer) == ["environment.free_mb.warn", "quality.blur_share.target"]
    assert kept(database) == template


def test_what_changed_is_told_and_an_earlier_version_comes_back(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    general(client, hr, **{"name.en": "Craft"})
    question(client, hr, "q1", version="2", do="down")
    moved = client.get(f"{PAGE}/versions/3", cookie=hr.cookie).text
    assert "<del>q1, q2</del>" in moved and "<ins>q2, q1</ins>" in moved
    assert "name.en" not in re.sub(r"<details>.*", "", moved, flags=re.S)
    named = client.get(f"{PAGE}/versions/2", cookie=hr.cookie).text
    assert "<del>Professional skills</del>" in named and "<ins>Craft</ins>" in named
    for _ in range(2):
        back = client.form(f"{PAGE}/versions/1", hr.form(), cookie=hr.cookie)
        assert back.status == 303
    assert kept(database) == SHIPPED.model_copy(update={"version": 4})
    assert client.get(f"{PAGE}/versions/9", cookie=hr.cookie).status == 404
    assert client.get(f"{PAGE}/versions/one", cookie=hr.cookie).status == 404


def test_a_models_versions_too(client: FunctionClient, database: Database, hr: SignedIn) -> None:
    raised = MODEL.model_copy(update={"version": 2, "job": {"en": "Shop manager"}})
    with database.begin() as tx:
        tx.catalogue.save_model(raised)
    path = f"/console/settings/models/{MODEL.id}"
    assert "Shop manager" in client.get(f"{path}/versions/2", cookie=hr.cookie).text
    assert client.form(f"{path}/versions/1", hr.form(), cookie=hr.cookie).status == 303
    with database.begin() as tx:
        assert tx.catalogue.model(MODEL.id) == MODEL.model_copy(update={"version": 3})
    assert f"{path}/versions/3" in client.get(path, cookie=hr.cookie).text


def test_an_auditor_reads_and_has_nothing_to_press(
    client: FunctionClient, database: Database
) -> None:
    auditor = signed_in(database, Role.AUDITOR)
    for path in (TEMPLATES, PAGE, f"{PAGE}/limits", f"{PAGE}/questions/q1", f"{PAGE}/versions/1"):
        page = client.get(path, cookie=auditor.cookie)
        assert page.status == 200
        boxes = re.findall(r'<(?:input id|textarea|select|input type="checkbox")[^>]*>', page.text)
        assert all("readonly" in box or "disabled" in box for box in boxes), path
        assert 'class="button"' not in page.text
    assert general(client, auditor).status == 403
