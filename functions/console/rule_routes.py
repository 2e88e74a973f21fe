"""The pages of what scores and what may be done: policies, mappings, analysis modules; the door checks who comes in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.function import app

if TYPE_CHECKING:
    from greenroom.runtime.function import Request, Response


@app.get("/console/settings/policies", auth=None)
def policies_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.policy_pages import policies_page

    return enter(request, app, policies_page, "catalogue:read")


@app.post("/console/settings/policies", auth=None)
def copy_policy(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.policy_pages import copy_policy

    return enter(request, app, copy_policy, "catalogue:write")


@app.get("/console/settings/policies/{id}", auth=None)
def policy_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.policy_pages import policy_page

    return enter(request, app, policy_page, "catalogue:read")


@app.post("/console/settings/policies/{id}", auth=None)
def save_policy(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.policy_pages import save_policy

    return enter(request, app, save_policy, "catalogue:write")


@app.get("/console/settings/mappings", auth=None)
def mappings_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mapping_pages import mappings_page

    return enter(request, app, mappings_page, "catalogue:read")


@app.get("/console/settings/mappings/{version}", auth=None)
def mapping_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mapping_pages import mapping_page

    return enter(request, app, mapping_page, "catalogue:read")


@app.post("/console/settings/mappings/{version}", auth=None)
def save_mapping(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.mapping_pages import save_mapping

    return enter(request, app, save_mapping, "catalogue:write")


@app.get("/console/settings/modules", auth=None)
def modules_page(request: Request) -> Response:
    from functions.console.door import enter
    from functions.console.module_pages import modules_page

    return enter(request, app, modules_page, "catalogue:read")
