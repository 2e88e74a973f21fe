"""status_sync: every step of an interview reaches the registered webhooks, signed and in order."""

from __future__ import annotations

from typing import TYPE_CHECKING

from greenroom.runtime.function import Function

if TYPE_CHECKING:
    from functions.status_sync.settings import Settings
    from greenroom.runtime.function import ObjectCreated, Request, Response, Scheduled

app: Function[Settings] = Function("status_sync", "functions.status_sync.settings:Settings")


@app.on_object("events/", suffix=".json")
def event_written(event: ObjectCreated) -> None:
    from functions.status_sync.synchronise import answer_knock, synchronise

    if not answer_knock(event.key, app):
        synchronise(event.key, app)


@app.on_schedule("sweep", minutes=1)
def sweep(event: Scheduled) -> None:
    from functions.status_sync.synchronise import sweep

    sweep(app)


@app.post("/v1/webhook-endpoints", auth=app.api_key("webhooks:write"))
def register_endpoint(request: Request) -> Response:
    from functions.status_sync.endpoints import register_endpoint

    return register_endpoint(request, app)


@app.get("/v1/webhook-endpoints", auth=app.api_key("webhooks:write", seen="webhook_endpoints"))
def list_endpoints(request: Request) -> Response:
    from functions.status_sync.endpoints import list_endpoints

    return list_endpoints(app)


@app.delete("/v1/webhook-endpoints/{endpoint}", auth=app.api_key("webhooks:write"))
def remove_endpoint(request: Request) -> Response:
    from functions.status_sync.endpoints import remove_endpoint

    return remove_endpoint(request, app)


@app.post("/v1/webhook-endpoints/{endpoint}/enable", auth=app.api_key("webhooks:write"))
def enable_endpoint(request: Request) -> Response:
    from functions.status_sync.endpoints import enable_endpoint

    return enable_endpoint(request, app)


@app.post("/v1/webhook-endpoints/{endpoint}/rotate-secret", auth=app.api_key("webhooks:write"))
def rotate_secret(request: Request) -> Response:
    from functions.status_sync.endpoints import rotate_secret

    return rotate_secret(request, app)


@app.post("/v1/webhook-endpoints/{endpoint}/resend", auth=app.api_key("webhooks:write"))
def resend_since(request: Request) -> Response:
    from functions.status_sync.deliveries import resend_since

    return resend_since(request, app)


@app.get("/v1/webhook-deliveries", auth=app.api_key("webhooks:write", seen="webhook_deliveries"))
def list_deliveries(request: Request) -> Response:
    from functions.status_sync.deliveries import list_deliveries

    return list_deliveries(request, app)


@app.get(
    "/v1/webhook-deliveries/{endpoint}/{event}",
    auth=app.api_key("webhooks:write", seen="webhook_deliveries"),
)
def read_delivery(request: Request) -> Response:
    from functions.status_sync.deliveries import read_delivery

    return read_delivery(request.params["endpoint"], request.params["event"], app)


@app.post("/v1/webhook-deliveries/{endpoint}/{event}/resend", auth=app.api_key("webhooks:write"))
def resend(request: Request) -> Response:
    from functions.status_sync.deliveries import resend

    return resend(request, app)


@app.get("/v1/metrics", auth=app.api_key("metrics:read"))
def read_metrics(request: Request) -> Response:
    from functions.status_sync.metrics import read_metrics

    return read_metrics(app)
