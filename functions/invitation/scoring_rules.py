"""Mappings and policies over HTTP: what scores, and what may be done; a version never changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.invitation.catalogue import same_id
from greenroom.domain.mapping import Mapping
from greenroom.domain.observed import check_kinds
from greenroom.domain.policy import Policy
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.invitation.settings import Settings
    from greenroom.runtime.function import Function


def save_mapping(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/mappings/{version}``.

    Raises `Invalid` (`invalid_document`, `unknown_kind`), `Conflict` (`mapping_exists`).
    """
    mapping = request.document(Mapping)
    same_id(request.params["version"], mapping.version)
    check_kinds(mapping)
    with app.database.begin() as tx:
        tx.catalogue.keep_mapping(mapping)
        tx.audit.append(request.who.actor, "mapping.saved", "mapping", mapping.version)
    return Response.json(mapping)


def read_mapping(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/mappings/{version}``. Raises `NotFound` (`unknown_mapping`)."""
    with app.database.begin() as tx:
        return Response.json(tx.catalogue.mapping(request.params["version"]))


def list_mappings(app: Function[Settings]) -> Response:
    """``GET /v1/mappings``: those that come with the product, and the company's own."""
    with app.database.begin() as tx:
        found = tx.catalogue.mappings()
    return Response.json({"mappings": [item.model_dump(mode="json") for item in found]})


def save_policy(request: Request, app: Function[Settings]) -> Response:
    """``PUT /v1/policies/{id}``: a new version of the company's own.

    Raises `Invalid` (`invalid_document`), `Conflict`: `policy_shipped`, `policy_exists`, `policy_version_not_newer`.
    """
    policy = request.document(Policy)
    same_id(request.params["id"], policy.id)
    with app.database.begin() as tx:
        tx.catalogue.keep_policy(policy)
        tx.audit.append(request.who.actor, "policy.saved", "policy", policy.whole_id)
    return Response.json(policy)


def read_policy(request: Request, app: Function[Settings]) -> Response:
    """``GET /v1/policies/{id}``: its newest version. Raises `NotFound` (`unknown_policy`)."""
    with app.database.begin() as tx:
        return Response.json(tx.catalogue.policy(request.params["id"]))


def list_policies(app: Function[Settings]) -> Response:
    """``GET /v1/policies``: those that come with the product, and the newest version of the company's own."""
    with app.database.begin() as tx:
        found = tx.catalogue.policies()
    return Response.json({"policies": [item.model_dump(mode="json") for item in found]})
