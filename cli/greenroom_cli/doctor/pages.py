"""Whether pages, identity provider and language model answer where the settings say."""

from __future__ import annotations

from collections.abc import Iterator

import httpx

from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped, warning
from greenroom_cli.doctor.line import PATIENCE_S, check_line


def check_pages(deployment: Deployment) -> Iterator[Finding]:
    links = deployment.links
    if links is None:
        yield skipped("pages", "no public URL is set")
    else:
        yield check_line("pages.line", links.public_url)
        yield _answers(
            "pages",
            links.public_url + "/console",
            "GREENROOM_LINKS__PUBLIC_URL must lead to the HTTP host, from where candidates are.",
        )
        if not links.public_url.startswith("https://") and "://127.0.0.1" not in links.public_url:
            said = f"{links.public_url} is not https: browsers give no camera to such a page"
            yield fault("pages.tls", said, "Put a TLS proxy before the pages.")
    provider = deployment.parts.get("provider")
    if provider is not None:
        yield _answers(
            "provider",
            provider.issuer.rstrip("/") + "/.well-known/openid-configuration",
            "Check GREENROOM_PROVIDER__ISSUER.",
        )
    model = deployment.parts.get("language_model")
    if model is not None:
        yield check_line("language_model.line", model.url)


def _answers(code: str, url: str, mend: str) -> Finding:
    try:
        answer = httpx.get(url, timeout=PATIENCE_S)
    except httpx.HTTPError as error:
        return fault(code, f"{url}: {type(error).__name__}: {error}", mend)
    said = f"{url} answers {answer.status_code}"
    if answer.is_success:
        return good(code, said)
    return fault(code, said, mend) if answer.is_server_error else warning(code, said, mend)
