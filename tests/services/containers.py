"""Running an image where a container engine answers."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Mapping
from contextlib import ExitStack

from hub.services.processes import run


def engine() -> str | None:
    """docker or podman, if it is more than a client without a server."""
    for name in ("docker", "podman"):
        if shutil.which(name) and subprocess.run([name, "info"], capture_output=True, check=False).returncode == 0:
            return name
    return None


def run_command(engine: str, image: str, ports: Mapping[int, int], environment: Mapping[str, str], name: str) -> list[str]:
    published = [part for ours, theirs in ports.items() for part in ("-p", f"127.0.0.1:{ours}:{theirs}")]
    variables = [part for key, value in environment.items() for part in ("-e", f"{key}={value}")]
    return [engine, "run", "--rm", "-d", "--name", name, *published, *variables, image]


def start(engine: str, image: str, ports: Mapping[int, int], environment: Mapping[str, str], stack: ExitStack) -> None:
    name = f"goldenhub-test-{min(ports)}"
    run(run_command(engine, image, ports, environment, name))
    stack.callback(run, [engine, "rm", "-f", name])
