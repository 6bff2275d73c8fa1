"""How full queues may be is a policy of the broker's, so that operators can change it while everything runs. AMQP has no word for
policies: it is set over the broker's management interface (HTTP).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote, urlsplit

import requests

from hub.bus.line import parameters
from hub.bus.topology import Topology
from hub.errors import BadSettings, Unavailable
from hub.settings import Settings

_PATIENCE = 10.0  # seconds


def limit(settings: Settings, topology: Topology, management: str) -> dict[str, Any]:
    """Set the policy at ``management``, an address such as http://rabbitmq:15672, with the login of HUB_BUS_URL; the policy.

    Raises ``BadSettings`` for an address or a login that must be corrected, ``Unavailable`` when nobody answers there.
    """
    if urlsplit(management).scheme not in ("http", "https") or not urlsplit(management).netloc:
        raise BadSettings(
            f"{management!r} is no address of a management interface: write http://host:15672.", name="--management"
        )
    given = parameters(settings)
    policy = topology.limits(given.virtual_host)
    place = "/".join(quote(part, safe="") for part in (policy["vhost"], policy["name"]))
    try:
        answer = requests.put(
            f"{management.rstrip('/')}/api/policies/{place}",
            json={name: value for name, value in policy.items() if name not in ("vhost", "name")},
            auth=(given.credentials.username, given.credentials.password),
            timeout=_PATIENCE,
            allow_redirects=False,
        )
    except requests.RequestException as error:
        said = f"No management interface answers at {management}: is the plugin rabbitmq_management enabled there?"
        raise Unavailable(said, system="rabbitmq") from error
    if answer.status_code in (401, 403):
        said = "The login of HUB_BUS_URL may not set policies: it needs the tag policymaker or administrator at the broker."
        raise BadSettings(said, name="HUB_BUS_URL")
    if answer.status_code == requests.codes.not_found:
        raise BadSettings(f"At {management} there is no virtual host {given.virtual_host!r}.", name="HUB_BUS_URL")
    if not answer.ok:
        said = f"The management interface at {management} answered {answer.status_code} to the policy."
        raise Unavailable(said, system="rabbitmq")
    return policy
