"""Writes contracts/schemas from the pydantic documents and contracts/asyncapi from the wiring table.

python -m contracts.generate           write
python -m contracts.generate --check   exit 1 when a file is not what it would write
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from greenroom.domain.access import Interviewers
from greenroom.domain.analysis import Analysis
from greenroom.domain.api_key import NewApiKey, Rotation
from greenroom.domain.assembly import Assembly
from greenroom.domain.assessment import AssessmentOrder, ResponseError
from greenroom.domain.batch import BatchHead, CandidateRow, RowError
from greenroom.domain.candidate_filter import CandidateFilter
from greenroom.domain.competency import CompetencyModel
from greenroom.domain.consent import Consents
from greenroom.domain.decision import Decision
from greenroom.domain.development import DevelopmentPlan, ImprovementGoals
from greenroom.domain.entry import EntryRules
from greenroom.domain.erasure import LegalHold, SignedCertificate
from greenroom.domain.evaluation import EvaluationTemplate
from greenroom.domain.evaluations import Spread, SubmittedEvaluation
from greenroom.domain.events import Event, EventType
from greenroom.domain.figures import BatchFigures
from greenroom.domain.follow_up import FollowUp
from greenroom.domain.follow_up_rules import FollowUpRules
from greenroom.domain.intervention import NewDeadline, Note
from greenroom.domain.ledger import Ledger
from greenroom.domain.mail_window import MailWindow
from greenroom.domain.manifest import Manifest
from greenroom.domain.mapping import Mapping
from greenroom.domain.model import Document
from greenroom.domain.override import NewOverride, Override, StandingScores
from greenroom.domain.policy import Policy
from greenroom.domain.presence import HealthReport, StepReport, TimeFactor
from greenroom.domain.quality import Quality
from greenroom.domain.scorecard import Scorecard
from greenroom.domain.template import Question, Template
from greenroom.domain.webhook import ResendRequest, SecretRotation, WebhookEndpointRequest

HERE = Path(__file__).parent
WIRING = HERE.parent / "infra" / "terraform" / "functions.json"
BASE = "https://json-schema.org/draft/2020-12/schema"

DOCUMENTS: dict[str, type[Document]] = {
    "invitation.template": Template,
    "invitation.competency_model": CompetencyModel,
    "invitation.batch_head": BatchHead,
    "invitation.candidate": CandidateRow,
    "invitation.filter": CandidateFilter,
    "invitation.row_error": RowError,
    "invitation.question": Question,
    "partner.assessment_order": AssessmentOrder,
    "partner.response_error": ResponseError,
    "invitation.batch_figures": BatchFigures,
    "upload.manifest": Manifest,
    "portal.consents": Consents,
    "portal.entry_rules": EntryRules,
    "portal.step_report": StepReport,
    "portal.health_report": HealthReport,
    "console.time_factor": TimeFactor,
    "console.interviewers": Interviewers,
    "console.submitted_evaluation": SubmittedEvaluation,
    "console.spread": Spread,
    "console.note": Note,
    "console.decision": Decision,
    "console.development_plan": DevelopmentPlan,
    "console.improvement_goals": ImprovementGoals,
    "console.new_api_key": NewApiKey,
    "console.rotation": Rotation,
    "console.new_override": NewOverride,
    "console.override": Override,
    "console.standing_scores": StandingScores,
    "console.new_deadline": NewDeadline,
    "assembly.assembly": Assembly,
    "assembly.ledger": Ledger,
    "quality.quality": Quality,
    "analysis.analysis": Analysis,
    "analysis.mapping": Mapping,
    "analysis.policy": Policy,
    "analysis.scorecard": Scorecard,
    "console.evaluation_template": EvaluationTemplate,
    "console.follow_up": FollowUp,
    "portal.follow_up_rules": FollowUpRules,
    "invitation.mail_window": MailWindow,
    "retention.certificate": SignedCertificate,
    "retention.legal_hold": LegalHold,
    "sync.event": Event,
    "sync.webhook_endpoint": WebhookEndpointRequest,
    "sync.secret_rotation": SecretRotation,
    "sync.resend_request": ResendRequest,
}
"""`<stage>.<name>` of each document that crosses a border; the file adds the major version."""


PROBLEM: dict[str, Any] = {
    "$schema": BASE,
    "$id": "http.problem.v1.json",
    "title": "Problem",
    "description": "RFC 9457. Compare `code`; the other members are for people. Further members may follow.",
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "instance"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "code": {"type": "string", "pattern": "^[a-z][a-z0-9_]*$"},
        "detail": {"type": "string"},
        "instance": {"type": "string"},
    },
    "additionalProperties": True,
}


def schema(name: str) -> dict[str, Any]:
    """The JSON Schema (2020-12) of one document."""
    body = DOCUMENTS[name].model_json_schema(mode="validation")
    return {"$schema": BASE, "$id": f"{name}.v1.json", **body}


def asyncapi() -> dict[str, Any]:
    """AsyncAPI 3: one channel per object trigger and schedule of the wiring table, one for webhooks."""
    wiring = json.loads(WIRING.read_text())["functions"]
    channels: dict[str, Any] = {}
    operations: dict[str, Any] = {}
    for function, wired in wiring.items():
        for trigger in wired["objects"]:
            name = f"{function}.{trigger['prefix'].rstrip('/')}{trigger['suffix']}".replace(
                "/", "."
            )
            channels[name] = {
                "address": f"{trigger['prefix']}*{trigger['suffix']}",
                "description": f"Objects written here start `{function}`: {wired['summary']}",
                "messages": {"created": {"$ref": "#/components/messages/objectCreated"}},
            }
            operations[name] = {
                "action": "receive",
                "channel": {"$ref": f"#/channels/{name}"},
                "x-function": function,
            }
    channels["webhooks"] = {
        "address": "the URL registered with POST /v1/webhook-endpoints",
        "description": (
            "Every step of an interview, signed as Standard Webhooks ask, in order per interview, at "
            "least once with a stable `webhook-id`."
        ),
        "messages": {
            kind.name.lower(): {"$ref": f"#/components/messages/{kind.name.lower()}"}
            for kind in EventType
        },
    }
    operations["webhooks"] = {"action": "send", "channel": {"$ref": "#/channels/webhooks"}}
    messages: dict[str, Any] = {
        "objectCreated": {
            "name": "objectCreated",
            "summary": "An S3 notification (`ObjectCreated:*`) as AWS, Ceph, MinIO or the pocket store send it.",
            "contentType": "application/json",
            "payload": {
                "type": "object",
                "required": ["Records"],
                "properties": {"Records": {"type": "array", "items": {"type": "object"}}},
            },
        }
    }
    for kind in EventType:
        messages[kind.name.lower()] = {
            "name": kind.value,
            "contentType": "application/cloudevents+json",
            "headers": {
                "type": "object",
                "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
                "properties": {
                    "webhook-id": {
                        "type": "string",
                        "description": "The event's id; never changes.",
                    },
                    "webhook-timestamp": {"type": "string", "description": "Seconds since 1970."},
                    "webhook-signature": {
                        "type": "string",
                        "description": "`v1,` and base64 of HMAC-SHA256 over `id.timestamp.body`.",
                    },
                },
            },
            "payload": {
                "allOf": [
                    {"$ref": "../schemas/sync.event.v1.json"},
                    {"properties": {"type": {"const": kind.value}}},
                ]
            },
        }
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Greenroom: object events and webhooks",
            "version": "1.0.0",
            "description": "Generated from infra/terraform/functions.json and the event types.",
        },
        "channels": channels,
        "operations": operations,
        "components": {"messages": messages},
    }


def files() -> dict[Path, str]:
    """Every generated file with its text."""
    written: dict[Path, dict[str, Any]] = {
        HERE / "schemas" / f"{name}.v1.json": schema(name) for name in DOCUMENTS
    }
    written[HERE / "schemas" / "http.problem.v1.json"] = PROBLEM
    written[HERE / "asyncapi" / "greenroom.json"] = asyncapi()
    return {
        path: json.dumps(document, indent=2, ensure_ascii=False) + "\n"
        for path, document in written.items()
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    stale = []
    for path, text in files().items():
        if path.exists() and path.read_text("utf-8") == text:
            continue
        stale.append(path.relative_to(HERE.parent))
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, "utf-8")
    for path in stale:
        sys.stdout.write(f"{'stale' if check else 'written'}: {path}\n")
    sys.exit(1 if check and stale else 0)


if __name__ == "__main__":
    main()
