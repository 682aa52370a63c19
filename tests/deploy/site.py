"""nginx with ``deploy/nginx/hireops.conf``: only names, ports and folders are others than in the file."""

import shutil
import ssl
import subprocess
import time
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.environment import ROOT
from tests.processes import free_port

NGINX = shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or ""
SITE = ROOT / "deploy" / "nginx" / "hireops.conf"
SETTINGS = """
daemon off;
master_process on;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    scgi_temp_path {folder}/scgi;
    uwsgi_temp_path {folder}/uwsgi;
    include {folder}/site.conf;
}}
"""


class Nginx:
    """Before two web hosts at these ports of this machine."""

    def __init__(self, program: str, folder: Path, *web_ports: int) -> None:
        self.folder, self.program, self.web_ports = folder, program, web_ports
        self.port, self.certificate = free_port(), folder / "fullchain.pem"
        self.folder.mkdir()
        make_certificate(self.certificate, folder / "privkey.pem")
        (folder / "site.conf").write_text(self._site(*web_ports))
        self.conf = folder / "nginx.conf"
        self.conf.write_text(SETTINGS.format(folder=folder))
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"https://localhost:{self.port}"

    def _site(self, first: int, second: int) -> str:
        site = SITE.read_text()
        plain = free_port()
        for as_it_is, here in (
            ("hireops.example.com", "localhost"),
            ("10.0.0.11:8000", f"127.0.0.1:{first}"),
            ("10.0.0.12:8000", f"127.0.0.1:{second}"),
            ("listen [::]:80;", ""),
            ("listen [::]:443 ssl;", ""),
            ("listen 80;", f"listen 127.0.0.1:{plain};"),
            ("listen 443 ssl;", f"listen 127.0.0.1:{self.port} ssl;"),
            ("/etc/ssl/hireops/", f"{self.folder}/"),
            ("/var/log/nginx/", f"{self.folder}/"),
        ):
            assert as_it_is in site, as_it_is
            site = site.replace(as_it_is, here)
        return site

    def start(self) -> None:
        command = [self.program, "-p", str(self.folder), "-c", str(self.conf)]
        checked = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False, timeout=60)
        assert checked.returncode == 0, checked.stderr
        assert "[warn]" not in checked.stderr, checked.stderr
        self._process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 30
        while not self._answers():
            assert time.monotonic() < deadline, (self.folder / "error.log").read_text()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            requests.get(self.url, verify=str(self.certificate), timeout=5, allow_redirects=False)
        except requests.ConnectionError:
            return False
        return True

    def stop(self) -> None:
        if self._process:
            self._process.terminate()
            self._process.wait(30)

    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.certificate))


def make_certificate(certificate: Path, key_file: Path) -> None:
    """For localhost, signed by itself, good for a day."""
    key, name = (
        ec.generate_private_key(ec.SECP256R1()),
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")]),
    )
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(names, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
