"""The real nginx on loopback with the configuration of `deploy/nginx`, for tests."""

from __future__ import annotations

import datetime
import re
import shutil
import ssl
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from pairly.embedded import processes

from .databases import ROOT
from .ports import free_port
from .proxies import require_program

TEMPLATES = ROOT / "deploy" / "nginx"
HOST = "localhost"


@dataclass(frozen=True)
class RunningNginx:
    """An nginx of ours. `url` is its HTTPS address, `certificate` what a client has to trust."""

    url: str
    http_url: str
    certificate: Path
    folder: Path
    child: subprocess.Popen[bytes]

    def client(self, **options: object) -> httpx.Client:
        """An HTTP client that trusts the certificate and nothing of the environment (proxies)."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        return httpx.Client(base_url=self.url, verify=context, trust_env=False, timeout=30, **options)  # type: ignore[arg-type]

    def log(self) -> str:
        """What it wrote: requests and errors."""
        return (self.folder / "access.log").read_text() + (self.folder / "nginx.log").read_text()


def render(folder: Path, values: Mapping[str, str]) -> Path:
    """Fill the templates in, as the image does at its start; the path of nginx.conf. KeyError names what is missing."""
    for template in TEMPLATES.glob("*.template"):
        filled = re.sub(r"\$\{(PAIRLY_[A-Z_0-9]+)\}", lambda found: values[found[1]], template.read_text())
        (folder / template.stem).write_text(filled)
    return folder / "nginx.conf"


@contextmanager
def running_nginx(
    *, upstream_ports: tuple[int, int], https_port: int | None = None, edit: tuple[str, str] | None = None
) -> Iterator[RunningNginx]:
    """nginx in front of two ports of this machine. `edit` replaces a text, to show what the text is for."""
    program = require_program("nginx")
    # Not pytest's own folder: as root nginx' workers run as nobody, who may not enter it.
    folder = Path(tempfile.mkdtemp(prefix="pairly-nginx-"))
    folder.chmod(0o755)
    http_port, https_port = free_port(), https_port or free_port()
    _make_certificate(folder)
    conf = render(
        folder,
        {
            "PAIRLY_HOST": HOST,
            "PAIRLY_TLS_CERTIFICATE": str(folder / "certificate.pem"),
            "PAIRLY_TLS_KEY": str(folder / "key.pem"),
            "PAIRLY_LISTEN_HTTP": f"127.0.0.1:{http_port}",
            "PAIRLY_LISTEN_HTTPS": f"127.0.0.1:{https_port}",
            "PAIRLY_WEB_1": f"127.0.0.1:{upstream_ports[0]}",
            "PAIRLY_WEB_2": f"127.0.0.1:{upstream_ports[1]}",
            "PAIRLY_RUN": str(folder),
            "PAIRLY_LOG": str(folder / "access.log"),
        },
    )
    if edit:
        _edit(folder, *edit)
    log_path = folder / "nginx.log"
    command = [*processes.wrap(death_signal="TERM"), program, "-p", str(folder), "-c", str(conf), "-e", "stderr"]
    child = processes.start(command=command, log_path=log_path)
    made = RunningNginx(
        f"https://{HOST}:{https_port}", f"http://{HOST}:{http_port}", folder / "certificate.pem", folder, child
    )
    try:
        processes.wait_until(ready=lambda: _answers(made), child=child, name="nginx", log_path=log_path)
        yield made
    finally:
        processes.stop(child)
        shutil.rmtree(folder, ignore_errors=True)


def _edit(folder: Path, old: str, new: str) -> None:
    texts = {path: path.read_text() for path in folder.glob("*.conf")}
    if not any(old in text for text in texts.values()):
        raise ValueError(f"not in the configuration: {old}")
    for path, text in texts.items():
        path.write_text(text.replace(old, new))


def _answers(nginx: RunningNginx) -> bool:
    try:
        httpx.get(nginx.http_url, trust_env=False, timeout=10)
    except httpx.HTTPError:
        return False
    return True


def _make_certificate(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "key.pem").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
