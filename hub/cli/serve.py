"""goldenhub serve"""

from __future__ import annotations

from pathlib import Path

import click

from hub.app import open_hub
from hub.errors import Misconfigured

_LOCAL = ("127.0.0.1", "::1", "localhost")


@click.command("serve")
@click.option("--host", default="127.0.0.1", show_default=True, help="Where to listen. 0.0.0.0: on every address.")
@click.option("--port", default=8080, show_default=True, type=click.IntRange(0, 65535))
@click.option("--certificate", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="For TLS: the certificate.")
@click.option("--key", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="For TLS: its key.")
def command(host: str, port: int, certificate: Path | None, key: Path | None) -> None:
    """Answer over HTTP until Ctrl-C: push records, ask who somebody is, follow what changes.

    Systems need a token (`goldenhub token create`). What they push is taken and kept; `goldenhub work` works on it.
    """
    try:
        import uvicorn

        from hub.web import make_app
    except ImportError as absent:
        raise Misconfigured("Serving needs the extra `web`: pip install 'goldenhub[web]'.") from absent
    if (certificate is None) != (key is None):
        raise click.UsageError("--certificate and --key go together.")
    with open_hub() as hub:
        hub.own_landscape()
        hub.migrate()
        hub.agree()
        if certificate is None and host not in _LOCAL:
            click.echo("Without --certificate tokens travel in the clear: put a proxy with TLS before it.", err=True)
        config = uvicorn.Config(
            make_app(hub), host=host, port=port, log_level="warning", access_log=False, server_header=False,
            timeout_graceful_shutdown=10, ssl_certfile=certificate, ssl_keyfile=key,
        )  # fmt: skip
        click.echo(f"Answering at {'https' if certificate else 'http'}://{host}:{port}/api; Ctrl-C ends it.", err=True)
        uvicorn.Server(config).run()
