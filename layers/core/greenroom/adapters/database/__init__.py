"""The database: state of interviews, process log, outbox, webhooks. SQLAlchemy stays inside this package."""

from greenroom.adapters.database.engine import Database, Transaction
from greenroom.adapters.database.rows import (
    AnswerRow,
    ApiKeyRow,
    AttemptRow,
    BatchRow,
    DeliveryRow,
    EndpointRow,
    IdentityRow,
    InterviewRow,
    LogRow,
    MailCounts,
    MailKey,
    MailRow,
    NewInterview,
    NewMail,
    PresenceRow,
    RunningRow,
    StoredResponse,
)

__all__ = [
    "AnswerRow",
    "ApiKeyRow",
    "AttemptRow",
    "BatchRow",
    "Database",
    "DeliveryRow",
    "EndpointRow",
    "IdentityRow",
    "InterviewRow",
    "LogRow",
    "MailCounts",
    "MailKey",
    "MailRow",
    "NewInterview",
    "NewMail",
    "PresenceRow",
    "RunningRow",
    "StoredResponse",
    "Transaction",
]
