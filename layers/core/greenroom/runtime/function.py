"""`Function`: a Chalice app as Greenroom's handlers use it.

It adds to Chalice: a request that belongs to its own thread, triggers by object and by schedule, settings and
adapters made when first used, credentials checked on every route, errors as problem documents, and
process-log rows that become events after their transaction.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Generic, TypeVar, cast

from chalice.app import Chalice, Rate
from chalice.app import Request as ChaliceRequest
from chalice.app import Response as ChaliceResponse

from greenroom.clock import Clock, now_utc
from greenroom.domain.errors import GreenroomError, MisconfiguredSetting, NotFound
from greenroom.runtime.credentials import bearer, is_basic, user_name
from greenroom.runtime.http import XLSX, Principal, Request, Response, problem
from greenroom.runtime.storage_events import ObjectCreated, parse_notification

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

    from greenroom.adapters.database import Database, Transaction
    from greenroom.adapters.object_store import ObjectStore
    from greenroom.runtime.settings import DatabaseSettings, StoreSettings, TraceSettings

__all__ = ["Function", "ObjectCreated", "Principal", "Request", "Response", "Scheduled"]

S = TypeVar("S")
ObjectHandler = Callable[[ObjectCreated], None]
HttpHandler = Callable[[Request], Response]
Authenticator = Callable[[Request], Principal]
ANSWER_HEADERS = {
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
"""Of every answer that says nothing else, errors and redirects too: nobody keeps it, nor takes it for a page."""
CONTENT_TYPES = ["application/json", "application/x-www-form-urlencoded", "text/csv"]


@dataclass(frozen=True)
class Scheduled:
    """A tick of the schedule."""

    name: str
    time: str


@dataclass(frozen=True)
class ObjectTrigger:
    """Objects below `prefix` that end with `suffix` start `handler`."""

    prefix: str
    suffix: str
    handler: ObjectHandler

    def takes(self, key: str) -> bool:
        return key.startswith(self.prefix) and key.endswith(self.suffix)


class Function(Chalice, Generic[S]):
    """One deployable function. `settings` is ``package.module:Class``, imported when first needed."""

    def __init__(self, name: str, settings: str, *, clock: Clock = now_utc) -> None:
        self._request: contextvars.ContextVar[ChaliceRequest | None] = contextvars.ContextVar(
            f"{name}-request"
        )
        self._context: contextvars.ContextVar[Any] = contextvars.ContextVar(f"{name}-context")
        super().__init__(app_name=name, configure_logs=False, env={})
        self.api.binary_types.append(XLSX)
        self.clock = clock
        self.triggers: list[ObjectTrigger] = []
        self.schedules: dict[str, Callable[[Any, Any], Any]] = {}
        self.schedule_minutes: dict[str, int] = {}
        self.objects: Callable[[Any, Any], Any] | None = None
        self._settings_path = settings

    # Chalice keeps the request and context on the app, where threads would see each other's.
    @property
    def current_request(self) -> ChaliceRequest | None:
        return self._request.get(None)

    @current_request.setter
    def current_request(self, request: ChaliceRequest | None) -> None:
        self._request.set(request)

    @property
    def lambda_context(self) -> Any:
        return self._context.get(None)

    @lambda_context.setter
    def lambda_context(self, context: Any) -> None:
        self._context.set(context)

    # --- parts, made when first used -------------------------------------------------------

    @cached_property
    def settings(self) -> S:
        """This function's settings. Raises `MisconfiguredSetting` that names the variable."""
        module, _, name = self._settings_path.partition(":")
        return cast("S", getattr(import_module(module), name).load())

    @cached_property
    def store(self) -> ObjectStore:
        wanted: StoreSettings = self._part("store")
        return wanted.opened(self.clock)

    @cached_property
    def database(self) -> Database:
        wanted: DatabaseSettings = self._part("database")
        return wanted.opened(self.clock)

    @cached_property
    def logger(self) -> FilteringBoundLogger:
        from greenroom.runtime.logs import logger

        return logger(self.app_name)

    def _part(self, name: str) -> Any:
        part = getattr(self.settings, name, None)
        if part is None:
            raise MisconfiguredSetting(f"function {self.app_name} has no {name} settings")
        return part

    @contextmanager
    def changes(self) -> Iterator[Transaction]:
        """A transaction whose process-log rows become ``events/…`` objects once it is committed.

        A crash between the two is healed by status_sync's sweep, which takes over what it never heard of.
        """
        from greenroom.runtime.outbox import publish

        with self.database.begin() as tx:
            yield tx
            appended = list(tx.process_log.appended)
        publish(appended, store=self.store)

    # --- the one entry of a FaaS -----------------------------------------------------------

    def __call__(self, event: dict[str, Any], context: Any) -> Any:
        """Handle whatever the platform sends: a queue's records, a tick, or a request.

        Raises `NotFound` (`no_such_trigger`) for what this function has no handler for.
        """
        from greenroom.runtime import invocation

        if invocation.is_records(event):
            if self.objects is None:
                raise NotFound(f"{self.app_name} takes no objects", code="no_such_trigger")
            return self.objects(event, context)
        if invocation.is_tick(event):
            name = event["detail"]["name"]
            if name not in self.schedules:
                raise NotFound(f"{self.app_name} has no schedule {name}", code="no_such_trigger")
            return self.schedules[name](
                invocation.scheduled_event(event, event.get("id", "")), context
            )
        return super().__call__(invocation.routed(event, self.routes), context)

    # --- triggers --------------------------------------------------------------------------

    def on_object(self, prefix: str, *, suffix: str) -> Callable[[ObjectHandler], ObjectHandler]:
        """Run the handler for each object written below `prefix` that ends with `suffix`."""

        def register(handler: ObjectHandler) -> ObjectHandler:
            if self.objects is None:
                queue = self.app_name.replace("_", "-")
                self.objects = self.on_sqs_message(queue=queue, name="objects")(self._messages)
            self.triggers.append(ObjectTrigger(prefix, suffix, handler))
            return handler

        return register

    def on_schedule(
        self, name: str, *, minutes: int
    ) -> Callable[[Callable[[Scheduled], None]], Callable[[Scheduled], None]]:
        """Run the handler every `minutes` minutes."""

        def register(handler: Callable[[Scheduled], None]) -> Callable[[Scheduled], None]:
            def tick(event: Any) -> None:
                with self._traced(f"schedule {name}"):
                    handler(Scheduled(name, str(event.to_dict().get("time", ""))))

            self.schedules[name] = self.schedule(Rate(minutes, Rate.MINUTES), name=name)(tick)
            self.schedule_minutes[name] = minutes
            return handler

        return register

    def _messages(self, event: Any) -> dict[str, list[dict[str, str]]]:
        """Each message by itself; the ones to try again are reported by id."""
        failed = []
        for record in event:
            message_id = str(record.to_dict()["messageId"])
            try:
                self._message(record.body)
            except GreenroomError as error:
                log = self.logger.bind(message_id=message_id, code=error.code, detail=error.detail)
                if error.permanent:
                    log.error("message_refused")  # noqa: TRY400  (the input's fault: no traceback)
                else:
                    log.warning("message_retried")
                    failed.append({"itemIdentifier": message_id})
            except Exception:  # noqa: BLE001  (a fault of ours: the queue keeps the message)
                self.logger.bind(message_id=message_id).exception("message_failed")
                failed.append({"itemIdentifier": message_id})
        return {"batchItemFailures": failed}

    def _message(self, body: str) -> None:
        from greenroom.runtime.logs import bound

        for created in parse_notification(body):
            for trigger in self.triggers:
                if trigger.takes(created.key):
                    with (
                        bound(key=created.key, event_id=created.event_id),
                        self._traced(f"object {trigger.prefix}…{trigger.suffix}", created.key),
                    ):
                        trigger.handler(created)

    @contextmanager
    def _traced(self, name: str, key: str | None = None) -> Iterator[Callable[[int], None]]:
        """A span, where traces are asked for: of the trace that the object `key` carries, else of a new one. What is
        yielded takes the status of an answer."""
        settings: TraceSettings | None = None
        with suppress(MisconfiguredSetting):  # the handler meets it, and says so
            settings = getattr(self.settings, "traces", None)
        if settings is None:
            yield lambda _status: None
            return
        from greenroom.runtime.tracing import span

        carrier: dict[str, str] = {}
        with suppress(GreenroomError):  # no trace is worth a recording
            carrier = {} if key is None else self.store.metadata(key)
        attributes = {} if key is None else {"greenroom.key": key}
        wanted = f"{self.app_name} {name}"
        with span(self.app_name, settings, wanted, carrier, attributes) as answered:
            yield answered

    # --- HTTP ------------------------------------------------------------------------------

    def get(self, path: str, *, auth: Authenticator | None) -> Callable[[HttpHandler], HttpHandler]:
        return self._http("GET", path, auth)

    def post(
        self, path: str, *, auth: Authenticator | None
    ) -> Callable[[HttpHandler], HttpHandler]:
        return self._http("POST", path, auth)

    def put(
        self, path: str, *, auth: Authenticator | None, content_type: str | None = None
    ) -> Callable[[HttpHandler], HttpHandler]:
        """A route that takes our usual bodies, or `content_type` alone."""
        return self._http("PUT", path, auth, [content_type] if content_type else CONTENT_TYPES)

    def delete(
        self, path: str, *, auth: Authenticator | None
    ) -> Callable[[HttpHandler], HttpHandler]:
        return self._http("DELETE", path, auth)

    def api_key(
        self, scope: str, *, seen: str | None = None, by: str | None = None, basic: bool = False
    ) -> Authenticator:
        """Only with `Authorization: Bearer gr_…` of a key that has `scope`.

        `seen`: the kind of thing that a reading route shows; the audit log keeps who looked at which. The path names
        it, or the query's `by`. `basic`: the key may also come as the user name of HTTP Basic, from systems that know
        nothing else.
        """

        def authenticate(request: Request) -> Principal:
            from greenroom.runtime.auth import Seen, api_caller

            plain = user_name(request) if basic and is_basic(request) else bearer(request)
            which = request.query.get(by, "") if by else next(iter(request.params.values()), "")
            which = which[:200]
            return api_caller(
                self.database,
                request,
                plain,
                scope,
                seen=Seen(seen, which) if seen is not None else None,
                rate=self._part("api"),
                token_key=self._part("tokens").key.get_secret_value(),
            )

        return authenticate

    def candidate(self, *, late: bool = False) -> Authenticator:
        """Only with `Authorization: Bearer <token of a personal link>`; `late` as `follow_link` has it."""
        return lambda request: self.follow_link(bearer(request), late=late)

    def signed_link(self, *, late: bool = False) -> Authenticator:
        """As `candidate`, by the link's signature and its end alone, for a handler that holds it against the interview
        in its own transaction (`greenroom.runtime.auth.hold_link`): what comes every few seconds needs one, not two.
        """

        def authenticate(request: Request) -> Principal:
            from datetime import timedelta

            from greenroom.runtime.tokens import read_candidate_token

            tokens = self._part("tokens")
            claims = read_candidate_token(
                tokens.key.get_secret_value(),
                bearer(request),
                now=self.clock(),
                grace=timedelta(hours=tokens.grace_hours if late else 0),
            )
            return Principal("signed_link", claims.interview, link=claims)

        return authenticate

    def follow_link(self, token: str, *, late: bool = False) -> Principal:
        """Whose personal link this is. Raises `Unauthorized`: `token_invalid`, `token_expired`, `token_revoked`.

        `late`: what brings in an interview that was begun is let through for some hours after the link's end.
        """
        from datetime import timedelta

        from greenroom.runtime.auth import candidate_principal

        tokens = self._part("tokens")
        return candidate_principal(
            self.database,
            tokens.key.get_secret_value(),
            token,
            self.clock(),
            grace=timedelta(hours=tokens.grace_hours if late else 0),
        )

    def _http(
        self,
        method: str,
        path: str,
        auth: Authenticator | None,
        content_types: list[str] = CONTENT_TYPES,
    ) -> Callable[[HttpHandler], HttpHandler]:
        def register(handler: HttpHandler) -> HttpHandler:
            def view(**params: str) -> ChaliceResponse:
                return self._respond(handler, auth, params)

            name = f"{handler.__name__}"
            self.route(path, methods=[method], name=name, content_types=content_types)(view)
            return handler

        return register

    def _respond(
        self, handler: HttpHandler, auth: Authenticator | None, params: dict[str, str]
    ) -> ChaliceResponse:
        from greenroom.runtime.logs import bound

        request = _request(self.current_request, params)
        resource = cast("ChaliceRequest", self.current_request).context.get("resourcePath")
        with (
            bound(request_id=request.request_id),
            self._traced(f"{request.method} {resource}") as answered,
        ):
            try:
                if auth is not None:
                    request = _with_principal(request, auth(request))
                response = handler(request)
            except GreenroomError as error:
                if error.status >= 500:
                    self.logger.exception("request_failed", code=error.code, detail=error.detail)
                response = problem(error, request.path)
            except Exception:  # a fault of ours: logged whole, told as `internal`
                self.logger.exception("request_failed", path=request.path)
                response = problem(GreenroomError("an error of ours; it was logged"), request.path)
            answered(response.status)
        body = response.body if response.content is None else response.content
        return ChaliceResponse(
            body=body, headers={**ANSWER_HEADERS, **response.headers}, status_code=response.status
        )


def _request(raw: Any, params: dict[str, str]) -> Request:
    event = raw.to_original_event()
    body = raw.raw_body
    query = raw.query_params or {}
    return Request(
        method=raw.method,
        path=str(event.get("path") or raw.context.get("path") or raw.path),
        params=params,
        query={name: query[name] for name in query},
        headers={name.lower(): value for name, value in raw.headers.items()},
        body=body if isinstance(body, bytes) else body.encode(),
        request_id=str(raw.context.get("requestId", "")),
    )


def _with_principal(request: Request, principal: Principal) -> Request:
    from dataclasses import replace

    return replace(request, principal=principal)


def overlapping(
    triggers: Sequence[tuple[str, str]],
) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    """Pairs of (prefix, suffix) that one key could satisfy at once; the wiring must have none."""
    return [
        (one, other)
        for index, one in enumerate(triggers)
        for other in triggers[index + 1 :]
        if (one[0].startswith(other[0]) or other[0].startswith(one[0]))
        and (one[1].endswith(other[1]) or other[1].endswith(one[1]))
    ]
