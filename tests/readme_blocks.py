"""The fenced blocks of the README, each with the marker that stands before it.

A marker is an HTML comment on the line above the fence. Three are in use:

    <!-- dream-command -->  one line that sets up and dreams, from a clean checkout
    <!-- test-command -->   one line that sets up and tests, from a clean checkout
    <!-- run -->            commands for an environment that has dreamgen, from any folder

`python tests/readme_blocks.py MARKER` prints the commands that carry a marker; `.ci/run` runs them.
"""

import re
import sys
from dataclasses import dataclass
from pathlib import Path

README = Path(__file__).parents[1] / "README.md"

FENCED = re.compile(
    r"^(?:<!--[ ]*(?P<marker>[\w-]+)[ ]*-->\s*\n)?"
    r"```(?P<language>\w*)[^\n]*\n(?P<code>.*?)^```[ ]*$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Block:
    """A fenced block: the marker before it ('' if none), its language, its text and its line."""

    marker: str
    language: str
    code: str
    line: int

    @property
    def commands(self) -> tuple[tuple[str, str], ...]:
        """Each command of a shell block with the output shown under it.

        >>> Block("run", "console", "$ echo a\\na\\n$ true\\n", 1).commands
        (('echo a', 'a\\n'), ('true', ''))
        >>> Block("run", "bash", "cd x\\nls\\n", 1).commands
        (('cd x\\nls\\n', ''),)
        """
        if not re.search(r"^\$ ", self.code, re.MULTILINE):
            return ((self.code, ""),)
        shown: list[tuple[str, str]] = []
        for line in self.code.splitlines(keepends=True):
            if line.startswith("$ "):
                shown.append((line[2:].rstrip("\n"), ""))
            elif shown and shown[-1][0].endswith("\\") and not shown[-1][1]:
                shown[-1] = (f"{shown[-1][0]}\n{line.rstrip()}", "")
            elif shown:
                shown[-1] = (shown[-1][0], shown[-1][1] + line)
        return tuple(shown)


def blocks(text: str) -> list[Block]:
    """The fenced blocks of a Markdown text, in order.

    >>> blocks("<!-- run -->\\n```bash\\nls\\n```\\n")
    [Block(marker='run', language='bash', code='ls\\n', line=3)]
    """
    return [
        Block(
            found["marker"] or "",
            found["language"],
            found["code"],
            text.count("\n", 0, found.start("code")) + 1,
        )
        for found in FENCED.finditer(text)
    ]


def readme_blocks() -> list[Block]:
    """The blocks of this project's README, none if it is not written yet."""
    return blocks(README.read_text(encoding="utf-8")) if README.exists() else []


if __name__ == "__main__":
    wanted = [block for block in readme_blocks() if [block.marker] == sys.argv[1:]]
    if not wanted:
        sys.exit(f"README.md has no block marked {' '.join(sys.argv[1:])!r}")
    for block in wanted:
        for command, _ in block.commands:
            print(command)
