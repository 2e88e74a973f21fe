"""Chalice's own authorizers, run in the host as API Gateway would run them before the function."""

from __future__ import annotations

import fnmatch
from typing import Any

from chalice.app import ChaliceAuthorizer

from greenroom.domain.errors import Forbidden, Unauthorized

_ARN = "arn:aws:execute-api:local:000000000000:greenroom/local"


def known(authorizer: Any) -> bool:
    """Whether the host can run it: Cognito and IAM authorizers live in AWS alone."""
    return authorizer is None or isinstance(authorizer, ChaliceAuthorizer)


def authorize(authorizer: ChaliceAuthorizer | None, event: dict[str, Any]) -> None:
    """Run the route's authorizer; what it found goes into the event's request context.

    Raises `Unauthorized` (`credential_missing`) without its header, `Forbidden` (`not_authorized`) when its
    policy does not allow the route.
    """
    if authorizer is None:
        return
    header = authorizer.config.header.lower()
    token = event["headers"].get(header)
    if not token:
        raise Unauthorized(f"send the header {authorizer.config.header}", code="credential_missing")
    method_arn = f"{_ARN}/{event['httpMethod']}{event['path']}"
    found = authorizer(
        {"type": "TOKEN", "authorizationToken": token, "methodArn": method_arn},
        {},
    )
    if not _allows(found["policyDocument"], method_arn):
        raise Forbidden("the authorizer does not allow this", code="not_authorized")
    event["requestContext"]["authorizer"] = {
        **found.get("context", {}),
        "principalId": found["principalId"],
    }


def _allows(policy: dict[str, Any], method_arn: str) -> bool:
    """Whether some statement allows the call and none denies it; `*` and `?` as in IAM."""
    effects = {
        statement["Effect"]
        for statement in policy["Statement"]
        if any(fnmatch.fnmatchcase(method_arn, arn) for arn in _resources(statement))
    }
    return effects == {"Allow"}


def _resources(statement: dict[str, Any]) -> list[str]:
    resources = statement["Resource"]
    return [resources] if isinstance(resources, str) else list(resources)
