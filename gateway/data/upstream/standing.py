"""Whether an instance is fit to be asked: by what it answered to clients, and by what it answers to the gateway."""

CHECK_SECONDS = 5.0
FAILURES_TO_FALL = 3
SUCCESSES_TO_RISE = 2
EJECT_AFTER_FAILURES = 5
EJECTION_SECONDS = 10.0
EJECTION_SECONDS_AT_MOST = 300.0


class Standing:
    """
    What one worker knows of an instance's health (Envoy's outlier detection and health checking, with other values).

    An ejection lasts ten seconds times the number of ejections. That number falls by one for each ten seconds that pass
    after a return, so an instance that has failed often comes back slowly and is trusted slowly.

    :ivar is_up: by the active checks.
    :ivar fault: what the last check found, or empty.
    :ivar ejected_until: monotonic seconds; 0 for one that is not ejected.
    :ivar ejections: the n of the next ejection's length, less one.
    """

    __slots__ = ("_in_a_row", "_returned_at", "ejected_until", "ejections", "fault", "is_up", "next_check")

    def __init__(self) -> None:
        self.next_check = 0.0
        self.clear()

    def clear(self) -> None:
        """Forget everything, as an operator asks."""
        self.is_up = True
        self.fault = ""
        self.ejected_until = 0.0
        self.ejections = 0
        self._in_a_row = 0
        self._returned_at = 0.0

    @property
    def is_healthy(self) -> bool:
        return self.is_up and not self.ejected_until

    def eject(self, now: float) -> float:
        """Leave it alone for a while; return for how many seconds."""
        forgotten = int((now - self._returned_at) / EJECTION_SECONDS)
        self.ejections = max(self.ejections - forgotten, 0) + 1
        seconds = min(EJECTION_SECONDS * self.ejections, EJECTION_SECONDS_AT_MOST)
        self.ejected_until = now + seconds
        return seconds

    def pass_time(self, now: float) -> bool:
        """End an ejection that is over; say whether one was."""
        if not self.ejected_until or now < self.ejected_until:
            return False
        self.ejected_until, self._returned_at = 0.0, now
        return True

    def checked(self, fault: str) -> bool:
        """
        Take the outcome of an active check; say whether the verdict changed.

        :param fault: what was wrong, or empty.
        """
        self.fault = fault
        if bool(fault) != self.is_up:
            self._in_a_row = 0
            return False
        self._in_a_row += 1
        if self._in_a_row < (FAILURES_TO_FALL if self.is_up else SUCCESSES_TO_RISE):
            return False
        self.is_up, self._in_a_row = not self.is_up, 0
        return True
