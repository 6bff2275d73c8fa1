"""Real servers for the tests: PostgreSQL, MariaDB and RabbitMQ, found or started, never mocked and never skipped.

Three roads, tried in this order:

1. the environment says where one is: ``HUB_TEST_POSTGRES_URL``, ``HUB_TEST_MARIADB_URL``, ``HUB_TEST_RABBITMQ_URL``;
2. one runs on 127.0.0.1 at its usual port and accepts its usual local login;
3. a private one is started on a free port, with its data in a temporary folder, and stopped at the end: from the installed
   Debian packages, which root may install first, or else in a container.

``HUB_TEST_IGNORE_RUNNING=1`` leaves out the second road.
"""

from tests.services.finding import NoService, Recipe, Service, find
from tests.services.mariadb import MARIADB
from tests.services.postgres import POSTGRES
from tests.services.rabbitmq import RABBITMQ

__all__ = ["MARIADB", "POSTGRES", "RABBITMQ", "NoService", "Recipe", "Service", "find"]
