"""Drives Helix on a terminal of its own: drive-helix.py HX FILE PROPOSAL

Types commands as a person would, and waits for what they show. Exits with 1, and the screen on stderr, if something never comes.
"""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

PATIENCE = 90
COLUMNS, ROWS = 160, 40

primary, secondary = pty.openpty()
fcntl.ioctl(secondary, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
process = subprocess.Popen(
    sys.argv[1:-1], stdin=secondary, stdout=secondary, stderr=subprocess.PIPE, start_new_session=True
)
os.close(secondary)
output = b""


def text():
    # Helix draws what has changed: blanks between words come as moves of the cursor.
    plain = re.sub(rb"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b[()][A-Z0-9]|\x1b[=>]", b" ", output)
    return re.sub(r"\s+", "", plain.decode("utf-8", "replace"))


def read(seconds):
    global output
    if select.select([primary], [], [], seconds)[0]:
        output += os.read(primary, 65536)


def wait(words):
    end = time.monotonic() + PATIENCE
    again = time.monotonic() + 2
    wanted = re.sub(r"\s+", "", words)
    while wanted not in text():
        if time.monotonic() > again:
            # Only what differs from the screen before was drawn.
            command("redraw")
            again = time.monotonic() + 2
        if time.monotonic() > end or process.poll() is not None:
            print(f"waited in vain for {words!r}: {text()[-3000:]}", file=sys.stderr)
            process.kill()
            sys.exit(1)
        read(0.1)


def command(line):
    global output
    # Together with what follows it, an escape would be another key.
    os.write(primary, b"\x1b")
    read(0.3)
    output = b""
    os.write(primary, b":" + line.encode() + b"\r")


wait("notes.orion")
# Until the server is there, Helix has no commands to run.
end = time.monotonic() + PATIENCE
while "Proposals:1" not in text():
    command("lsp-workspace-command orion.proposals")
    until = time.monotonic() + 2
    while time.monotonic() < until and "Proposals:1" not in text():
        read(0.1)
    if time.monotonic() > end or process.poll() is not None:
        print(text()[-3000:], file=sys.stderr)
        process.kill()
        sys.exit(1)
command('lsp-workspace-command orion.search "before"')
wait("Found: 1")
command("lsp-workspace-command orion.review")
wait("+ summary: after")
command("lsp-workspace-command orion.approve")
while "Approveexactlywhat" not in text():
    read(0.1)
# The first answer is no.
os.write(primary, b"\x0e\r")
read(1)
command(f"lsp-workspace-command orion.review \"{sys.argv[-1]}\"")
wait("approved, 1 of 1 approvals")
command("quit-all!")
process.wait(PATIENCE)
