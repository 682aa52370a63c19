"""A RabbitMQ of our own, which may be killed and started again; that of the machine is not touched."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.processes import free_port
from tests.servers import answers

SCRIPT = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # the one on the path starts it for the user rabbitmq
ANSWERS_AFTER_S = 120


class OwnRabbitMQ:
    """It answers some ten seconds after ``start()``; ``wait()`` waits for that."""

    def __init__(self, folder: Path) -> None:
        self.folder, port, names = folder, free_port(), free_port()
        self.url = f"amqp://guest:guest@127.0.0.1:{port}//"
        plugins = folder / "plugins"
        plugins.write_text("[].")
        self._environment = {
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": str(names),
            "RABBITMQ_CONF_ENV_FILE": os.devnull,
            "RABBITMQ_CONFIG_FILE": str(folder / "none"),
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(plugins),
            "RABBITMQ_LOG_BASE": str(folder),
            "RABBITMQ_MNESIA_BASE": str(folder),
            "RABBITMQ_NODENAME": f"hireops-{names}@localhost",
            "RABBITMQ_NODE_IP_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODE_PORT": str(port),
        }
        self._names = self._run("epmd", "-port", str(names))
        self.start()

    def start(self) -> None:
        self._process = self._run(str(SCRIPT))

    def _run(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "rabbitmq.log").open("ab") as log:
            return subprocess.Popen(
                command, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )

    def wait(self) -> None:
        deadline = time.monotonic() + ANSWERS_AFTER_S
        while not answers(self.url):
            told = (self.folder / "rabbitmq.log").read_text()[-3000:]
            assert self._process.poll() is None, told
            assert time.monotonic() < deadline, told
            time.sleep(0.2)

    def kill(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def end(self) -> None:
        for process in (self._process, self._names):
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()
