"""``pipeline demo`` as a process of its own, to be listened to, interrupted and killed."""

import os
import queue
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

#: Long enough for a busy machine; a test that waits so long has failed.
PATIENCE_SECONDS = 90


@dataclass
class Demo:
    """One run of the live demo in ``folder``; killed at the end of the block if it still runs."""

    folder: Path
    said: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "pipeline", "demo", "--folder", str(self.folder)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, bufsize=1,
            env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
        )  # fmt: skip
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.kill()
        self._reader.join()
        self.process.stdout.close()

    def wait_for(self, words: str) -> str:
        """The next line that holds ``words``."""
        try:
            while (line := self._lines.get(timeout=PATIENCE_SECONDS)) is not None:
                if words in line:
                    return line
        except queue.Empty:
            pass
        raise AssertionError(f"it never said {words!r}:\n{self.told}")

    def listen(self, seconds: float) -> None:
        """Let it run for a while, or until it ends by itself."""
        try:
            self.process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            return

    def interrupt(self, how: signal.Signals = signal.SIGINT) -> int:
        """Ctrl-C; the exit code."""
        self.process.send_signal(how)
        return self.ended()

    def ended(self) -> int:
        """Wait for its end; the exit code."""
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        self._reader.join()
        return code

    def kill(self) -> None:
        """As ``kill -9``: it gets no chance to tidy up."""
        self.process.kill()
        self.process.wait()

    @property
    def told(self) -> str:
        """Everything it said."""
        return "\n".join(self.said)

    def _read(self) -> None:
        for line in self.process.stdout:
            self.said.append(line.rstrip("\n"))
            self._lines.put(line)
        self._lines.put(None)
