"""Whether messages reach their functions: the broker, its queues, who works them off, and what nobody could finish."""

from __future__ import annotations

from collections.abc import Iterator

from greenroom.domain.errors import GreenroomError
from greenroom.host.topology import dead_queue, topology
from greenroom.host.wiring import read_wiring
from greenroom_cli.doctor.deployment import Deployment
from greenroom_cli.doctor.finding import Finding, fault, good, skipped
from greenroom_cli.doctor.line import check_line


def check_queues(deployment: Deployment) -> Iterator[Finding]:
    """Nothing is taken from them and nothing is put there."""
    broker = deployment.parts.get("broker")
    try:
        if broker is not None:
            yield from _of_broker(broker.url.get_secret_value())
        elif deployment.platform is not None:
            yield _dead(_of_platform(deployment))
        else:
            yield skipped("broker", "unset")
    except GreenroomError as error:
        yield fault("broker", "refused", why=error.detail)


def _of_broker(url: str) -> Iterator[Finding]:
    from greenroom.adapters.broker import parameters, standing

    found = parameters(url, "greenroom doctor")
    context = None if found.ssl_options is None else found.ssl_options.context
    yield check_line("broker.line", url, context=context)
    wiring = read_wiring()
    queues = standing(url, [queue.name for queue in topology(wiring).queues])
    yield good("broker")
    missing = [name for name, one in queues.items() if one.messages is None]
    if missing:
        yield fault("broker.queues", "missing", queues=", ".join(missing))
    else:
        yield good("broker.queues")
    functions = [wired.name for wired in wiring.values() if wired.triggers]
    idle = [name for name in functions if queues[name].consumers == 0]
    for name in idle:
        waiting = queues[name].messages or 0
        yield fault("broker.workers", "none", function=name, waiting=waiting)
    if not idle and not missing:
        yield good("broker.workers")
    yield _dead({name: queues[dead_queue(name)].messages or 0 for name in functions})


def _of_platform(deployment: Deployment) -> dict[str, int]:
    from greenroom_local.queue import Queue

    queue = Queue(deployment.platform / "store") if deployment.platform else None
    if queue is None:
        return {}
    try:
        return {name: len(queue.dead_letters(name)) for name in queue.queues()}
    finally:
        queue.close()


def _dead(letters: dict[str, int]) -> Finding:
    buried = {name: count for name, count in letters.items() if count}
    if not buried:
        return good("queues.dead")
    told = ", ".join(f"{name}: {count}" for name, count in buried.items())
    return fault("queues.dead", "buried", count=sum(buried.values()), queues=told)
