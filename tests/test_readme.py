"""Everything that the README tells a reader to type does what the README says."""

import doctest
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest
from readme_blocks import Block, readme_blocks

BLOCKS = readme_blocks()
SHELL = {"bash", "console", "sh", "shell"}


def cases(chosen: list[Block]) -> list:
    return [pytest.param(block, id=f"line-{block.line}") for block in chosen]


def ran(command: list[str], folder: Path) -> str:
    """The standard output of a command that must succeed, run in a folder of its own."""
    path = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": path, "PYTHONUTF8": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )
    assert done.returncode == 0, (
        f"{command[-1]}\nexit {done.returncode}\n{done.stdout}{done.stderr}"
    )
    return done.stdout


def test_the_readme_says_how_to_dream_and_how_to_test() -> None:
    marked = [block.marker for block in BLOCKS]
    assert marked.count("dream-command") == 1
    assert marked.count("test-command") == 1
    for block in BLOCKS:
        if block.marker.endswith("-command"):
            [(command, _)] = block.commands
            assert len(command.strip().splitlines()) == 1


def test_every_shell_block_of_the_readme_is_run() -> None:
    idle = [block.line for block in BLOCKS if block.language in SHELL and not block.marker]
    assert not idle, (
        f"README.md: the shell blocks on lines {idle} have no marker, so nothing runs them"
    )


@pytest.mark.parametrize("block", cases([b for b in BLOCKS if b.language in {"python", "pycon"}]))
def test_a_python_block_of_the_readme_runs(block: Block, tmp_path: Path) -> None:
    if block.code.lstrip().startswith(">>>"):
        (tmp_path / "block.txt").write_text(block.code, encoding="utf-8")
        options = ["-m", "doctest", "-o", "ELLIPSIS", "-o", "NORMALIZE_WHITESPACE", "block.txt"]
    elif "def test_" in block.code:
        (tmp_path / "test_block.py").write_text(block.code, encoding="utf-8")
        options = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "test_block.py"]
    else:
        (tmp_path / "block.py").write_text(block.code, encoding="utf-8")
        options = ["-W", "error", "block.py"]
    ran([sys.executable, *options], tmp_path)


@pytest.mark.parametrize("block", cases([b for b in BLOCKS if b.marker == "run"]))
def test_a_command_of_the_readme_prints_what_is_shown_under_it(
    block: Block, tmp_path: Path
) -> None:
    flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE
    for command, shown in block.commands:
        printed = ran(["bash", "-euo", "pipefail", "-c", command], tmp_path)
        if shown.strip():
            assert doctest.OutputChecker().check_output(shown, printed, flags), printed
