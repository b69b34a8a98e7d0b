"""
Becomes another program on chosen cores: ``python pinned.py 1 /tmp/log nginx -c ...``.

What the program says on standard error goes to the end of the file, where it costs nobody else's time.
"""

import os
import sys


def main() -> None:
    cores, log, *command = sys.argv[1:]
    os.sched_setaffinity(0, {int(core) for core in cores.split(",")})
    os.dup2(os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644), sys.stderr.fileno())
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
