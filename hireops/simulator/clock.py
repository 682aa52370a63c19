"""The simulator's time. A test or a drill moves it ahead instead of waiting six hours, or sets it wrong."""

import time


class Clock:
    """Unix seconds, ``ahead_s`` seconds ahead of this machine; less than nothing: behind it."""

    def __init__(self) -> None:
        self.ahead_s = 0.0

    def now(self) -> float:
        return time.time() + self.ahead_s

    def now_ms(self) -> int:
        return int(self.now() * 1000)

    def move(self, seconds: float) -> None:
        self.ahead_s += seconds
