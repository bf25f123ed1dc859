"""markovify's own tests, with `dreamgen.Text` in the place of ``markovify.Text``.

    pip download --no-deps --no-binary :all: markovify==0.9.4 && tar xzf markovify-0.9.4.tar.gz
    python benchmarks/markovify_suite.py markovify-0.9.4

The path is a checkout or an unpacked release of markovify. Its tests run twice, each time in a new
process and with the global generator seeded before each test: as they are, and with the name
replaced. The releases leave out the texts that the tests read; where they are missing, the dream
book stands in, with names put into it. Exits with 1 where a test passes with ``markovify.Text``
alone.
"""

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import unittest
from collections.abc import Iterable, Iterator
from pathlib import Path

import measures

# What the tests look for in the story, which a text that stands in for it has to hold.
NEEDED = (
    "Sherlock Holmes was I know not where when the lamp went out.",
    "So was I when the door of the house fell shut behind us.",
    "Nor was I the only one who heard the dog on the stair.",
)
NAMES = ("Sherlock Holmes", "Sherlock")


def standing_in() -> str:
    """The sentences of the book, every other *I* that begins one being a name."""
    lines = [line for dream in measures.dreams() for line in dream]
    told = [
        line.replace("I ", f"{NAMES[at % 2]} ", 1) if line.startswith("I ") and at % 3 else line
        for at, line in enumerate(line[:1].upper() + line[1:] for line in lines)
    ]
    return "\n".join((*NEEDED, *told))


def completed(suite: Path, folder: Path) -> list[str]:
    """A copy of the tests in a folder, and the texts that had to be made up for it."""
    copy = folder / "test"
    shutil.copytree(suite, copy)
    texts = copy / "texts"
    texts.mkdir(exist_ok=True)
    missing = [name for name in ("sherlock.txt", "senate-bills.txt") if not (texts / name).exists()]
    for name in missing:
        (texts / name).write_text(standing_in(), "utf-8")
    return missing


class Told(unittest.TextTestResult):
    """What became of each test, by its name."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)  # type: ignore[arg-type]
        self.became: dict[str, str] = {}

    def startTest(self, test: unittest.TestCase) -> None:  # noqa: N802 - unittest's own name
        random.seed(0)
        self.became[test.id()] = "passes"
        super().startTest(test)

    def addFailure(self, test, err) -> None:  # type: ignore[no-untyped-def]  # noqa: N802
        self.became[test.id()] = f"fails: {err[0].__name__} {err[1]}"
        super().addFailure(test, err)

    def addError(self, test, err) -> None:  # type: ignore[no-untyped-def]  # noqa: N802
        self.became[test.id()] = f"fails: {err[0].__name__} {err[1]}"
        super().addError(test, err)


def meant(tests: Iterable[unittest.TestCase | unittest.TestSuite]) -> Iterator[unittest.TestCase]:
    """The tests of classes that are meant to be run: pytest's mark for others is ``__test__``."""
    for test in tests:
        if isinstance(test, unittest.TestSuite):
            yield from meant(test)
        elif getattr(test, "__test__", True):
            yield test


def run(which: str, folder: str) -> dict[str, str]:
    """The tests of a folder under one of the two classes, in this process."""
    import markovify

    if which == "dreamgen":
        import dreamgen

        markovify.Text = dreamgen.Text
    tests = unittest.TestSuite(meant(unittest.defaultTestLoader.discover(folder)))
    with Path("/dev/null").open("w") as nowhere:
        runner = unittest.TextTestRunner(nowhere, resultclass=Told)
        result = runner.run(tests)
    assert isinstance(result, Told)
    return result.became


def main() -> None:
    options = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    options.add_argument("path", type=Path, help="a checkout or unpacked release of markovify")
    options.add_argument("--run", choices=("markovify", "dreamgen"), help=argparse.SUPPRESS)
    asked = options.parse_args()
    if asked.run:
        print(json.dumps(run(asked.run, str(asked.path))))
        return
    suite = asked.path / "test"
    if not suite.is_dir():
        options.error(f"{asked.path}: has no folder test; give an unpacked release of markovify")
    with tempfile.TemporaryDirectory() as folder:
        missing = completed(suite, Path(folder))
        became = {
            which: json.loads(
                subprocess.run(
                    [sys.executable, __file__, f"{folder}/test", "--run", which],
                    check=True, capture_output=True, text=True,
                ).stdout
            )
            for which in ("markovify", "dreamgen")
        }  # fmt: skip
    if missing:
        print(f"the dream book stands in for {' and '.join(missing)}")
    theirs, ours = became["markovify"], became["dreamgen"]
    lost = []
    for name in sorted(theirs.keys() | ours.keys()):
        one, other = theirs.get(name, "is not run"), ours.get(name, "is not run")
        print(f"{name:<90} {one if one == other else f'{one}; with dreamgen.Text {other}'}")
        if one == "passes" != other:
            lost.append(name)
    passed = {
        which: sum(outcome == "passes" for outcome in tests.values())
        for which, tests in became.items()
    }
    print(f"\n{passed['dreamgen']} of {len(ours)} pass with dreamgen.Text, ", end="")
    print(f"{passed['markovify']} of {len(theirs)} with markovify.Text")
    sys.exit(1 if lost else 0)


if __name__ == "__main__":
    main()
