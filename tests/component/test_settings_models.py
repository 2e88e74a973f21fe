"""Settings, competency models: weights that must reach 100, versions, nothing typed is lost."""

import re

import pytest

from functions.console.app import app
from functions.console.model_form import fields_of
from greenroom.adapters.database import Database
from greenroom.domain.access import Role
from greenroom.domain.competency import CompetencyModel
from tests.console_visitors import SignedIn, signed_in
from tests.function_client import Answer, FunctionClient
from tests.seeded import MODEL, SettableClock, set_up

PAGE = f"/console/settings/models/{MODEL.id}"
FORM = {
    "version": "1",
    "job.zh-CN": "零售店长",
    "job.en": "Store manager",
    "name.communication.zh-CN": "沟通能力",
    "name.communication.en": "Communication",
    "weight.communication": "60",
    "target.communication": "70",
    "weight.communication.speech_fluency": "100",
    "name.service.zh-CN": "客户服务",
    "name.service.en": "Customer service",
    "weight.service": "40",
    "target.service": "70",
    "weight.service.empathy": "100",
}


@pytest.fixture
def client(platform: None, database: Database) -> FunctionClient:
    set_up(app, SettableClock())
    with database.begin() as tx:
        tx.catalogue.save_model(MODEL)
    return FunctionClient(app)


@pytest.fixture
def hr(client: FunctionClient, database: Database) -> SignedIn:
    return signed_in(database)


def send(client: FunctionClient, who: SignedIn, **changed: str) -> Answer:
    return client.form(PAGE, who.form(**{**FORM, **changed}), cookie=who.cookie)


def kept(database: Database) -> CompetencyModel:
    with database.begin() as tx:
        return tx.catalogue.model(MODEL.id)


def test_new_weights_are_a_new_version_however_often_the_form_is_sent(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    changed = {"weight.communication": "55.5", "weight.service": "44.5", "name.service.en": "Care"}
    for _ in range(2):
        assert send(client, hr, **changed).status == 303
    model = kept(database)
    assert [item.weight for item in model.competencies] == [55.5, 44.5]
    assert (model.version, model.competencies[1].name["en"]) == (2, "Care")
    with database.begin() as tx:
        saved = [one for one in tx.audit.find() if one.act.action == "competency_model.saved"]
    assert [entry.act.details["version"] for entry in saved] == [2]
    late = send(client, hr, **{"weight.communication": "10", "weight.service": "90"})
    assert late.status == 409 and "model_changed" in late.text
    assert 'value="10"' in late.text
    assert kept(database) == model


def test_weights_of_many_digits_stay_as_they_are(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    odd = MODEL.model_dump()
    odd["competencies"][0]["weight"], odd["competencies"][1]["weight"] = 33.333333, 66.666667
    with database.begin() as tx:
        tx.catalogue.save_model(CompetencyModel.from_fields({**odd, "version": 2}))
    fields = fields_of(kept(database)) | {"name.service.en": "Care"}
    path = f"/console/settings/models/{MODEL.id}"
    assert client.form(path, hr.form(**fields), cookie=hr.cookie).status == 303
    assert [item.weight for item in kept(database).competencies] == [33.333333, 66.666667]


@pytest.mark.parametrize(
    ("changed", "field", "total"),
    [
        ({"weight.communication": "50"}, "sum", "90"),
        ({"weight.communication.speech_fluency": "99"}, "sum.communication", "100"),
        ({"weight.service": "forty"}, "weight.service", "60"),
        ({"weight.service": "nan"}, "weight.service", "nan"),
        ({"target.service": "101"}, "target.service", "100"),
        ({"name.service.en": " "}, "name.service.en", "100"),
        ({"weight.service.empathy": ""}, "weight.service.empathy", "100"),
    ],
)
def test_what_does_not_fit_comes_back_with_the_reason_beside_its_field(
    client: FunctionClient,
    database: Database,
    hr: SignedIn,
    changed: dict[str, str],
    field: str,
    total: str,
) -> None:
    answer = send(client, hr, **{"target.communication": "65", **changed})
    assert answer.status == 422
    assert re.findall(r'id="([\w.-]+)-wrong"', answer.text) == [field]
    assert f"<b>{total}</b> / 100" in answer.text
    assert 'value="65"' in answer.text
    assert kept(database) == MODEL


def test_an_auditor_reads_and_has_nothing_to_press(
    client: FunctionClient, database: Database
) -> None:
    auditor = signed_in(database, Role.AUDITOR)
    page = client.get(PAGE, cookie=auditor.cookie)
    assert page.status == 200 and "沟通能力" in page.text
    assert "readonly" in page.text and 'class="button"' not in page.text
    assert send(client, auditor).status == 403
    listed = client.get("/console/settings/models?lang=en", cookie=auditor.cookie)
    assert "Communication 60 %" in listed.text


def test_a_model_is_made_and_gets_competencies_and_indicators(
    client: FunctionClient, database: Database, hr: SignedIn
) -> None:
    new = {"from": "", "id": "teller", "job.zh-CN": "柜员", "job.en": ""}
    for _ in range(2):
        answer = client.form("/console/settings/models", hr.form(**new), cookie=hr.cookie)
        assert answer.status == 303
    page = "/console/settings/models/teller"
    with database.begin() as tx:
        made = tx.catalogue.model("teller")
    typed = {**fields_of(made), "weight.communication": "70"}
    added = client.form(page, hr.form(**typed, new="care", do="add"), cookie=hr.cookie)
    assert added.status == 200 and 'name="weight.care"' in added.text
    assert 'value="70"' in added.text  # nothing typed is lost
    typed |= {"shape": "communication care", "new.care": "empathy", "do": "add.care"}
    assert (
        'name="weight.care.empathy"' in client.form(page, hr.form(**typed), cookie=hr.cookie).text
    )
    with database.begin() as tx:
        assert tx.catalogue.model("teller") == made
    typed |= {
        "do": "save",
        "shape.care": "empathy",
        "name.care.zh-CN": "关怀",
        "weight.care": "30",
        "target.care": "65",
        "keywords.care": "客户，投诉、耐心",
        "name.care.empathy.zh-CN": "同理心",
        "weight.care.empathy": "100",
    }
    for _ in range(2):
        assert client.form(page, hr.form(**typed), cookie=hr.cookie).status == 303
    with database.begin() as tx:
        model = tx.catalogue.model("teller")
    assert [(item.id, item.weight) for item in model.competencies] == [
        ("communication", 70),
        ("care", 30),
    ]
    assert model.version == 2
    assert model.competencies[1].keywords == ["客户", "投诉", "耐心"]
    assert model.competencies[1].indicators[0].name == {"zh-CN": "同理心"}
    typed |= {"version": "2", "do": "drop.communication"}
    dropped = client.form(page, hr.form(**typed), cookie=hr.cookie)
    assert 'name="weight.communication"' not in dropped.text and "<b>30</b> / 100" in dropped.text
    taken = client.form(
        "/console/settings/models", hr.form(**{**new, "job.en": "Clerk"}), cookie=hr.cookie
    )
    assert taken.status == 409 and 'id="id-wrong"' in taken.text


@pytest.mark.parametrize(
    ("shape", "field"), [("communication Not-An-Id", "new"), ("", "new"), ("communication", "sum")]
)
def test_a_shape_that_cannot_be(
    client: FunctionClient, database: Database, hr: SignedIn, shape: str, field: str
) -> None:
    answer = send(client, hr, shape=shape)
    assert answer.status == 422 and f'id="{field}-wrong"' in answer.text
    assert kept(database) == MODEL
