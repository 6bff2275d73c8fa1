"""A broker of one's own, to be killed, filled and cut off; with TLS from a certificate authority made on the spot."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from hub.services.processes import free_port, run, server_user
from hub.services.rabbitmq import RabbitServer

_CONTROL = Path("/usr/lib/rabbitmq/bin/rabbitmqctl")


@dataclass
class OwnBroker(RabbitServer):
    """Started for one module of tests."""

    tls_port: int = field(default_factory=free_port)
    management_port: int = field(default_factory=free_port)

    @property
    def management(self) -> str:
        return f"http://127.0.0.1:{self.management_port}"

    @property
    def certificates(self) -> Path:
        return self.folder / "tls"

    def tls_url(self, host: str = "localhost") -> str:
        return f"amqps://{self.user}:{self.password}@{host}:{self.tls_port}/%2F"

    def control(self, *words: str) -> str:
        """What rabbitmqctl says."""
        return run([str(_CONTROL), *words], server_user("rabbitmq"), self._environment(*self._ports))

    def close_connections(self) -> None:
        self.control("close_all_connections", "--vhost", "/", "for a test")

    def _configure(self, user: str | None) -> None:
        super()._configure(user)
        if not self.certificates.is_dir():
            make_certificates(self.certificates)
            if user:
                for path in (self.certificates, *self.certificates.iterdir()):
                    shutil.chown(path, user)
        (self.folder / "enabled_plugins").write_text("[rabbitmq_management].\n")
        more = {
            "listeners.ssl.1": f"127.0.0.1:{self.tls_port}",
            "ssl_options.cacertfile": self.certificates / "ca.pem",
            "ssl_options.certfile": self.certificates / "server.pem",
            "ssl_options.keyfile": self.certificates / "server.key",
            "ssl_options.verify": "verify_peer",
            "ssl_options.fail_if_no_peer_cert": "true",
            "management.tcp.ip": "127.0.0.1",
            "management.tcp.port": self.management_port,
        }
        with (self.folder / "rabbitmq.conf").open("a", encoding="utf-8") as configuration:
            configuration.writelines(f"{name} = {value}\n" for name, value in more.items())


def make_certificates(folder: Path) -> None:
    """An authority, and what it signed: the broker's certificate for `localhost`, and the hub's."""
    folder.mkdir(parents=True)
    authority = ["-x509", "-subj", "/CN=an authority for a test", "-addext", "basicConstraints=critical,CA:TRUE"]
    _openssl(folder, *authority, "-keyout", "ca.key", "-out", "ca.pem")
    for name, subject in (("server", "localhost"), ("hub", "the hub")):
        signed = ["-x509", "-CA", "ca.pem", "-CAkey", "ca.key", "-subj", f"/CN={subject}"]
        named = ["-addext", f"subjectAltName=DNS:{subject}"] if name == "server" else []
        _openssl(folder, *signed, *named, "-addext", "basicConstraints=CA:FALSE", "-keyout", f"{name}.key", "-out", f"{name}.pem")
    for path in folder.iterdir():
        path.chmod(0o644)


def _openssl(folder: Path, *words: str) -> None:
    new = ["openssl", "req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    subprocess.run([*new, *words], cwd=folder, check=True, capture_output=True)
