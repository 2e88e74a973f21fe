"""Nothing that a candidate, an EHR or a provider of names can write becomes more than text on any page or sheet."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path
from urllib.parse import quote, urlencode

import openpyxl
import pytest

from functions.console.app import app
from functions.portal.app import app as portal
from greenroom.adapters.database import Database
from greenroom.adapters.object_store import ObjectStore
from greenroom.domain.access import Role
from greenroom.runtime.http import XLSX
from tests.component.test_role_matrix import OPENS, WITHOUT_SESSION
from tests.console_visitors import signed_in
from tests.function_client import FunctionClient
from tests.hostile import INVITED, LONG, MARK, Texts, found_in, hostile_company
from tests.seeded import BATCH, MODEL, TEMPLATE, candidate_token, invite, set_up

ROOT = Path(__file__).parents[2]
PAGES = [path for method, path in OPENS if method == "GET"]
FORMS = [path for method, path in [*OPENS, *WITHOUT_SESSION] if method == "POST"]
PARAMETERS = sorted(
    {
        name
        for path in [*ROOT.glob("functions/console/*.py"), *ROOT.glob("functions/portal/*.py")]
        for name in re.findall(r"""query(?:\.get\(|\[)["'](\w+)["']""", path.read_text())
    }
    | {"job", "batch", "state", "flag", "sort", "limit", "after", "score[communication]", "saved"}
)
FIELDS = sorted(
    {
        name
        for path in ROOT.glob("functions/console/templates/*.html")
        for name in re.findall(
            r"""(?:name=["']|(?:field|area|tick|choose)\(")([\w.:-]+)""", path.read_text()
        )
    }
    - {"csrf"}
)
WRITTEN = (
    "CandidateRow.name", "CandidateRow.resume.education", "CandidateRow.resume.keywords.0", "Manifest.markers.0.note",
    "Template.name.zh-CN", "Template.questions.0.text.zh-CN", "Template.questions.0.hint.zh-CN",
    "CompetencyModel.job.zh-CN", "CompetencyModel.competencies.0.name.zh-CN", "Policy.name.zh-CN", "Policy.basis.0",
    "Policy.notice.text.zh-CN", "Mapping.note.zh-CN", "BankQuestion.text.zh-CN", "CandidateFilter.name.zh-CN",
    "Analysis.modules.1.transcript.0.text", "row.field", "row.message", "user.name", "key.name",
    "Evaluation.note", "override.reason", "decision.reason", "hold.reason",
)  # fmt: skip
"""Fields whose text some page must have shown: else the sweep would have looked at nothing."""


@pytest.fixture
def texts() -> Texts:
    return Texts()


@pytest.fixture
def interview(platform: None, database: Database, store: ObjectStore, texts: Texts) -> str:
    set_up(app)
    set_up(portal)
    return hostile_company(database, store, texts)


def filled(path: str, interview: str) -> str:
    things = {
        "interview": interview,
        "batch": BATCH,
        "mail": "invitation_created",
        "competency": MODEL.competencies[0].id,
        "question": TEMPLATE.questions[0].id,
        "number": "1",
        "version": "ours-1",
        "endpoint": "none",
        "event": "none",
        "key": "abcdefabcdef",
        "user": "none",
        "picture": "card",
    }
    if "/models/" in path:
        things["id"] = MODEL.id
    elif "/policies/" in path:
        things["id"] = "ours"
    else:
        things["id"] = TEMPLATE.id
    return re.sub(r"\{(\w+)\}", lambda match: things[match[1]], path)


def test_stored_texts_stay_texts_on_every_page(
    database: Database, interview: str, texts: Texts
) -> None:
    admin = signed_in(database, Role.ADMIN)
    client = FunctionClient(app, cookie=admin.cookie)
    rated = {f"points-{one.id}": "7" for one in MODEL.competencies}
    own = admin.form(**rated, recommendation="advance", action="submit")  # else others' stay blind
    assert client.form(f"/console/interviews/{interview}/evaluation", own).status == 303
    shown: set[int] = set()
    extra = [f"/console/batches/new?template={TEMPLATE.id}", "/console/interviews?state=scored"]
    for path in [*PAGES, *extra]:
        for language in ("zh-CN", "en"):
            at = filled(path, interview)
            answer = client.get(f"{at}{'&' if '?' in at else '?'}lang={language}")
            assert answer.status < 500, at
            if "html" in answer.headers.get("content-type", ""):
                assert found_in(answer.text) == [], at
            shown |= {int(number) for number in MARK.findall(answer.text)}
    check = admin.form(
        template=TEMPLATE.id, competency_model=MODEL.id, deadline="2030-01-01T10:00", do="check"
    )
    page = client.form("/console/batches", check)
    assert found_in(page.text) == []
    shown |= {int(number) for number in MARK.findall(page.text)}
    for path in (f"/i/{candidate_token(interview)}", f"/i/{candidate_token(INVITED)}/room"):
        answer = FunctionClient(portal).get(path)
        assert answer.status == 200 and found_in(answer.text) == [], path
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        shown |= {int(number) for number in MARK.findall(answer.text)}
    places = {texts.places[number] for number in shown}
    assert set(WRITTEN) - places == set()


def test_nothing_that_is_asked_for_comes_back_as_more_than_text(
    database: Database, interview: str
) -> None:
    client = FunctionClient(app, cookie=signed_in(database, Role.ADMIN).cookie)
    wish = LONG.format(number=1) + "\r\nSet-Cookie: xss=1"
    for path in [*PAGES, "/console"]:
        at = filled(path, interview)
        together = [urlencode(dict.fromkeys(PARAMETERS, wish))]
        singly = [urlencode({name: wish}) for name in PARAMETERS] if "{" not in path else []
        asked = [f"{at}?{query}" for query in together + singly]
        for parameter in re.findall(r"\{(\w+)\}", path):
            strange = filled(path.replace(f"{{{parameter}}}", "__"), interview)
            asked.append(strange.replace("__", quote(wish.replace("/", ""), safe="")))
        for url in asked:
            answer = client.get(url)
            assert answer.status < 500, url
            assert found_in(answer.text) == [] or "csv" in path, url
            assert not any(set(value) & {"\r", "\n"} for value in answer.headers.values()), url
            assert answer.headers.get("location", "/console").startswith("/console"), url


def test_nothing_that_a_form_sends_comes_back_as_more_than_text(
    database: Database, interview: str
) -> None:
    wish = LONG.format(number=1)
    sent = dict.fromkeys(FIELDS, wish)
    named = {"template": TEMPLATE.id, "competency_model": MODEL.id, "version": "1", "do": "check"}
    for path in FORMS:
        for fields in (sent, sent | named):
            admin = signed_in(database, Role.ADMIN)  # some of these forms end the session
            client = FunctionClient(app, cookie=admin.cookie)
            answer = client.form(filled(path, interview), admin.form(**fields))
            assert answer.status < 500, path
            assert found_in(answer.text) == [], path
            assert answer.headers.get("location", "/console").startswith("/console"), path


@pytest.mark.parametrize("sign", "=+-@＝＋－＠|%")
def test_no_cell_of_a_sheet_is_a_formula(
    platform: None, database: Database, store: ObjectStore, sign: str
) -> None:
    set_up(app)
    invite(database, [f"{sign}cmd|' /C calc'!A0"])
    hr = signed_in(database)
    client = FunctionClient(app, cookie=hr.cookie)
    text = client.get("/console/interview-list/csv").text
    cells = [cell for row in csv.reader(io.StringIO(text.removeprefix("\ufeff"))) for cell in row]
    assert any("calc" in cell for cell in cells)
    assert not any(
        cell.lstrip().startswith(tuple("=+-@＝＋－＠")) and "calc" in cell for cell in cells
    )
    sheet = client.get("/console/interview-list/xlsx", accept=XLSX).content
    for row in openpyxl.load_workbook(io.BytesIO(sheet)).active.iter_rows():
        for cell in row:
            assert cell.data_type != "f", cell.value
