"""Policies as pages: what a law or the company lets software do, in plain words; the company's own are edited here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from functions.console import template_form
from functions.console.page import render
from functions.console.session import visitor_of
from functions.console.settings_form import again_if_lost
from greenroom.domain.access import Permission
from greenroom.domain.consent import PURPOSES
from greenroom.domain.errors import Conflict, GreenroomError, Invalid
from greenroom.domain.policy import SHIPPED, Inference, Policy, Retention
from greenroom.runtime.http import Request, Response
from greenroom.runtime.texts import LOCALES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from functions.console.settings import Settings
    from greenroom.adapters.database import Transaction
    from greenroom.runtime.function import Function

PATH = "/console/settings/policies"
DAYS = tuple(Retention.model_fields)
_PLACES = {
    "policy_exists": "id",
    "policy_shipped": "id",
    "unknown_policy": "from",
    "name": "name.zh-CN",
    "basis": "basis",
    "consents": "consents",
    "": "consents",
    "notice.text": "notice.text.zh-CN",
    **{f"retention.{name}": f"retention.{name}" for name in DAYS},
}

_HERE = {"policy_exists": "form", "policy_shipped": "form"}
"""On the page of one policy, which has no field for its id."""


def policies_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET /console/settings/policies``: each in a row, and a form that copies one."""
    with app.database.begin() as tx:
        policies = tx.catalogue.policies()
    return render(
        request,
        app,
        "settings_policies.html",
        status=problem.status if problem else 200,
        policies=policies,
        shipped=SHIPPED,
        values=form or {},
        may_change=_may_change(request),
        problems=template_form.problems(problem, _PLACES) if problem else {},
    )


def copy_policy(request: Request, app: Function[Settings]) -> Response:
    """``POST /console/settings/policies``: one of the company's own, as another one is. Sent again it is found."""
    form = request.form()

    def copied() -> Policy:
        with app.database.begin() as tx:
            raw = tx.catalogue.policy(form.get("from", "")).model_dump(mode="json")
            raw |= {"id": form.get("id", "").strip(), "version": 1}
            raw["name"] = template_form.texts(form, "name")
            policy = Policy.from_fields(raw)
            known = {one.id: one for one in tx.catalogue.policies()}
            if known.get(policy.id, policy) != policy:
                raise Conflict(f"there is a policy {policy.id}", code="policy_exists")
            if policy.id not in known:
                _save(tx, policy, request)
            return policy

    try:
        policy = again_if_lost(copied)
    except GreenroomError as error:
        if error.status >= 500:
            raise
        return policies_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{policy.id}?saved")


def policy_page(
    request: Request,
    app: Function[Settings],
    *,
    form: dict[str, str] | None = None,
    problem: GreenroomError | None = None,
) -> Response:
    """``GET .../policies/{id}``. Raises `NotFound` (`unknown_policy`)."""
    with app.database.begin() as tx:
        policy = tx.catalogue.policy(request.params["id"])
    return render(
        request,
        app,
        "settings_policy.html",
        status=problem.status if problem else 200,
        policy=policy,
        is_shipped=policy.id in SHIPPED,
        values=form if form is not None else policy_fields(policy),
        inferences=get_args(Inference),
        purposes=PURPOSES,
        days=DAYS,
        may_change=_may_change(request) and policy.id not in SHIPPED,
        saved="saved" in request.query,
        problems=template_form.problems(problem, _PLACES | _HERE) if problem else {},
    )


def save_policy(request: Request, app: Function[Settings]) -> Response:
    """``POST .../policies/{id}``: the next version; batches keep the one that they were made with.

    Raises `NotFound` (`unknown_policy`).
    """
    form = request.form()

    def saved() -> Policy:
        with app.database.begin() as tx:
            policy = tx.catalogue.policy(request.params["id"])
            sent_before = form.get("version") == str(policy.version - 1)
            edited = _edited(policy, form, version=policy.version + (not sent_before))
            if sent_before or form.get("version") != str(policy.version):
                if edited != policy:
                    raise Conflict("somebody has saved a newer version", code="policy_changed")
            else:
                _save(tx, edited, request)
            return policy

    try:
        policy = again_if_lost(saved)
    except (Invalid, Conflict) as error:
        return policy_page(request, app, form=form, problem=error)
    return Response.redirect(f"{PATH}/{policy.id}?saved")


def policy_fields(policy: Policy) -> dict[str, str]:
    """Every field of the form by its name; a box that is not ticked has none."""
    notice = policy.notice
    fields = {
        "version": str(policy.version),
        "basis": "\n".join(policy.basis),
        "notice.days": str(notice.days) if notice else "",
        **{f"name.{locale}": policy.name.get(locale, "") for locale in LOCALES},
        **{f"retention.{name}": str(getattr(policy.retention, name)) for name in DAYS},
    }
    if notice:
        fields |= {f"notice.text.{locale}": text for locale, text in notice.text.items()}
    ticked = [
        *(f"forbidden.{name}" for name in policy.forbidden),
        *(f"consents.{name}" for name in policy.consents),
        *(name for name in ("human_review", "mail_tracking") if getattr(policy, name)),
    ]
    return fields | dict.fromkeys(ticked, "yes")


def _edited(policy: Policy, form: Mapping[str, str], *, version: int) -> Policy:
    """Raises `Invalid` (`invalid_document`)."""
    notice: dict[str, Any] | None = None
    days, text = form.get("notice.days", "").strip(), template_form.texts(form, "notice.text")
    if (
        days or text
    ):  # without either there is no notice; a text alone is a mistake, not a wish to drop it
        notice = {"days": days, "text": text}
    return Policy.from_fields(
        {
            "id": policy.id,
            "version": version,
            "name": template_form.texts(form, "name", was=policy.name),
            "basis": [line.strip() for line in form.get("basis", "").splitlines() if line.strip()],
            "forbidden": [name for name in get_args(Inference) if f"forbidden.{name}" in form],
            "consents": [name for name in PURPOSES if f"consents.{name}" in form],
            "human_review": "human_review" in form,
            "mail_tracking": "mail_tracking" in form,
            "notice": notice,
            "retention": {name: form.get(f"retention.{name}", "").strip() for name in DAYS},
        }
    )


def _save(tx: Transaction, policy: Policy, request: Request) -> None:
    tx.catalogue.keep_policy(policy)
    tx.audit.append(visitor_of(request).actor, "policy.saved", "policy", policy.whole_id)


def _may_change(request: Request) -> bool:
    return visitor_of(request).may(Permission.CATALOGUE_WRITE)
