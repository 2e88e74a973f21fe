"""The analysis modules as a page: what ran here, in which version, and which templates switch it on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from functions.console.page import render
from functions.console.template_form import MODULES
from greenroom.domain.observed import KINDS
from greenroom.runtime.http import Request, Response

if TYPE_CHECKING:
    from functions.console.settings import Settings
    from greenroom.runtime.function import Function


def modules_page(request: Request, app: Function[Settings]) -> Response:
    """``GET /console/settings/modules``."""
    with app.database.begin() as tx:
        templates = tx.catalogue.templates()
        runs = tx.module_runs.newest()
    names = dict.fromkeys(MODULES)
    names |= dict.fromkeys(run.module for run in runs)
    names |= dict.fromkeys(name for template in templates for name in template.modules)
    return render(
        request,
        app,
        "settings_modules.html",
        modules=list(names),
        runs={name: [run for run in runs if run.module == name] for name in names},
        templates=templates,
        kinds=KINDS,
    )
