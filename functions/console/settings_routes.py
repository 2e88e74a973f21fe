"""The pages of settings, one per subject; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/settings", auth=None)
def settings_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.settings_form import settings_page

    return enter(request, app, settings_page, "catalogue:read", "webhooks:read", "keys:read")


@app.get("/console/settings/webhooks", auth=None)
def webhooks_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.webhook_pages import webhooks_page

    return enter(request, app, webhooks_page, "webhooks:read", seen="webhook_endpoints")


@app.post("/console/settings/webhooks", auth=None)
def add_endpoint(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.webhook_pages import add_endpoint

    return enter(request, app, add_endpoint, "webhooks:write")


@app.get("/console/settings/webhooks/{endpoint}", auth=None)
def endpoint_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.endpoint_pages import endpoint_page

    return enter(request, app, endpoint_page, "webhooks:read", seen="webhook_endpoint")


@app.post("/console/settings/webhooks/{endpoint}/secret", auth=None)
def rotate_endpoint_secret(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.endpoint_pages import rotate_endpoint_secret

    return enter(request, app, rotate_endpoint_secret, "webhooks:write")


@app.post("/console/settings/webhooks/{endpoint}/state", auth=None)
def change_endpoint_state(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.webhook_pages import change_endpoint_state

    return enter(request, app, change_endpoint_state, "webhooks:write")


@app.post("/console/settings/webhooks/{endpoint}/resend", auth=None)
def resend_all_since(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.endpoint_pages import resend_all_since

    return enter(request, app, resend_all_since, "webhooks:write")


@app.get("/console/settings/webhooks/{endpoint}/{event}", auth=None)
def delivery_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.endpoint_pages import delivery_page

    return enter(request, app, delivery_page, "webhooks:read", seen="webhook_delivery")


@app.post("/console/settings/webhooks/{endpoint}/{event}/resend", auth=None)
def resend_delivery(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.endpoint_pages import resend_delivery

    return enter(request, app, resend_delivery, "webhooks:write")


@app.get("/console/settings/keys", auth=None)
def keys_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.key_pages import keys_page

    return enter(request, app, keys_page, "keys:read", seen="api_keys")


@app.post("/console/settings/keys", auth=None)
def add_key(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.key_pages import add_key

    return enter(request, app, add_key, "keys:write")


@app.post("/console/settings/keys/{key}/rotate", auth=None)
def rotate_api_key(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.key_pages import rotate_api_key

    return enter(request, app, rotate_api_key, "keys:write")


@app.post("/console/settings/keys/{key}/revoke", auth=None)
def revoke_api_key(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.key_pages import revoke_api_key

    return enter(request, app, revoke_api_key, "keys:write")


@app.get("/console/settings/models", auth=None)
def models_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.model_pages import models_page

    return enter(request, app, models_page, "catalogue:read")


@app.post("/console/settings/models", auth=None)
def add_model(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.model_pages import add_model

    return enter(request, app, add_model, "catalogue:write")


@app.get("/console/settings/models/{id}", auth=None)
def model_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.model_pages import model_page

    return enter(request, app, model_page, "catalogue:read")


@app.post("/console/settings/models/{id}", auth=None)
def save_model(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.model_pages import save_model

    return enter(request, app, save_model, "catalogue:write")
