"""console: HR's pages, the API of interviews behind them, and API keys."""

from __future__ import annotations

from functions.console import (
    api_routes,
    batch_routes,
    figures_routes,
    interview_routes,
    mail_routes,
    people_routes,
    rule_routes,
    settings_routes,
    sign_in_routes,
    template_routes,
)
from functions.console.function import app

__all__ = [
    "api_routes",
    "app",
    "batch_routes",
    "figures_routes",
    "interview_routes",
    "mail_routes",
    "people_routes",
    "rule_routes",
    "settings_routes",
    "sign_in_routes",
    "template_routes",
]
