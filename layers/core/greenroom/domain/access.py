"""Who may do what in the console: four roles, and the permissions of each."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from greenroom.domain.batch import Email
from greenroom.domain.errors import Forbidden
from greenroom.domain.model import Document


class Role(StrEnum):
    """Each user has one. Of several that an identity provider names, the first here counts."""

    ADMIN = "admin"
    HR = "hr"
    AUDITOR = "auditor"
    INTERVIEWER = "interviewer"


class Permission(StrEnum):
    """What a page needs. Where an API key's scope opens the same door, it has the same name."""

    INTERVIEWS_READ = "interviews:read"
    INTERVIEWS_WRITE = "interviews:write"
    INTERVIEWS_ASSIGNED = "interviews:assigned"
    EVALUATIONS_WRITE = "evaluations:write"
    IDENTITY_READ = "identity:read"
    USERS_READ = "users:read"
    USERS_WRITE = "users:write"
    AUDIT_READ = "audit:read"
    CATALOGUE_READ = "catalogue:read"
    CATALOGUE_WRITE = "catalogue:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    KEYS_READ = "keys:read"
    KEYS_WRITE = "keys:write"
    OWN_ACCOUNT = "account:write"


_EVERYBODY = frozenset({Permission.OWN_ACCOUNT})
_HR = _EVERYBODY | {
    Permission.INTERVIEWS_READ,
    Permission.INTERVIEWS_WRITE,
    Permission.EVALUATIONS_WRITE,
    Permission.IDENTITY_READ,
    Permission.CATALOGUE_READ,
    Permission.CATALOGUE_WRITE,
    Permission.WEBHOOKS_READ,
}

PERMISSIONS: Mapping[Role, frozenset[Permission]] = {
    Role.HR: _HR,
    Role.ADMIN: _HR
    | {
        Permission.USERS_READ,
        Permission.USERS_WRITE,
        Permission.AUDIT_READ,
        Permission.WEBHOOKS_WRITE,
        Permission.KEYS_READ,
        Permission.KEYS_WRITE,
    },
    Role.AUDITOR: _EVERYBODY
    | {
        Permission.INTERVIEWS_READ,
        Permission.IDENTITY_READ,
        Permission.USERS_READ,
        Permission.AUDIT_READ,
        Permission.CATALOGUE_READ,
        Permission.WEBHOOKS_READ,
        Permission.KEYS_READ,
    },
    Role.INTERVIEWER: _EVERYBODY | {Permission.INTERVIEWS_ASSIGNED, Permission.EVALUATIONS_WRITE},
}
"""An auditor reads all and changes nothing but the own password; an interviewer sees what is assigned."""


def demand(role: Role, *any_of: Permission) -> None:
    """Raises `Forbidden` (`role_forbids`) unless the role has one of these permissions."""
    if not PERMISSIONS[role].intersection(any_of):
        names = " or ".join(any_of)
        raise Forbidden(f"the role {role} lacks {names}", code="role_forbids")


class Interviewers(Document):
    """The interviewers of one interview by mail address; the list replaces the one before."""

    interviewers: Annotated[list[Email], Field(max_length=50)]

    @model_validator(mode="after")
    def _each_once(self) -> Interviewers:
        lowered = [address.lower() for address in self.interviewers]
        if len(set(lowered)) < len(lowered):
            raise ValueError("an address is there twice")
        return self
