"""Whether pages, identity provider, language model and trace collector answer where the settings say."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from greenroom.domain.transport import is_loopback
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import PATIENCE_S, check_line, trust


def check_pages(deployment: Deployment) -> Iterator[Finding]:
    links = deployment.links
    if links is None:
        yield skipped("pages", "unset")
    else:
        yield check_line("pages.line", links.public_url)
        yield _answers("pages", links.public_url + "/console")
        if not links.public_url.startswith("https://") and not is_loopback(links.public_url):
            yield fault("pages.tls", "plain", url=links.public_url)
    provider = deployment.parts.get("provider")
    if provider is not None:
        yield check_line("provider.line", provider.issuer)
        yield _answers(
            "provider", provider.issuer.rstrip("/") + "/.well-known/openid-configuration"
        )
    model = deployment.parts.get("language_model")
    if model is not None:
        yield check_line("language_model.line", model.url)
    traces = deployment.parts.get("traces")
    if traces is not None:
        yield check_line("traces.line", traces.endpoint)


def _answers(code: str, url: str) -> Finding:
    try:
        answer = httpx.get(url, timeout=PATIENCE_S, verify=trust())
    except httpx.HTTPError as error:
        return fault(code, "silent", url=url, why=f"{type(error).__name__}: {error}")
    if answer.is_success:
        return good(code, url=url, status=answer.status_code)
    kind = fault if answer.is_server_error else warning
    return kind(code, "unwell", url=url, status=answer.status_code)
