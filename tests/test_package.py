"""What is installed: the public names, a light import, imports that run one way, a whole wheel."""

import ast
import graphlib
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

import pytest

import dreamgen

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "dreamgen"

CALLS = {"generate", "generate_many", "render"}
KINDS = {"Dreamer", "Corpus", "Text"}
SCHEMAS = {"Dream", "Scene", "Setting", "Encounter", "Revelation", "Awakening"}
RULES = {"Words", "Opens", "Closes", "Mentions", "Avoids", "Shaped", "Novel", "Leans"}
ERRORS = {
    "DreamgenError": Exception,
    "CorpusError": ValueError,
    "SchemaError": TypeError,
    "Unsatisfiable": ValueError,
    "TemplateError": ValueError,
    "ModelFileError": ValueError,
}
PUBLIC = {*CALLS, *KINDS, *SCHEMAS, *RULES, *ERRORS, "__version__"}

HEAVY = {"numpy", "pydantic", "jinja2", "markovify", "click", "unidecode", "HanTa"}

SHIPPED = {
    "dreamgen/__init__.py",
    "dreamgen/py.typed",
    "dreamgen/templates/text.j2",
    "dreamgen/templates/markdown.j2",
    "dreamgen/templates/html.j2",
    *(
        path.relative_to(SOURCE.parent).as_posix()
        for path in SOURCE.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ),
}


def printed(*command: str | Path, folder: Path) -> str:
    """The standard output of a command that must succeed, without this process's import paths."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**kept, "PYTHONUTF8": "1", "PIP_DISABLE_PIP_VERSION_CHECK": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=560,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# The public names


def test_the_public_names_are_these() -> None:
    assert set(dreamgen.__all__) | {"__version__"} == PUBLIC
    assert set(dir(dreamgen)) >= PUBLIC


@pytest.mark.parametrize("name", sorted(PUBLIC))
def test_a_public_name_can_be_imported_and_says_what_it_is(name: str) -> None:
    value = getattr(dreamgen, name)
    assert name == "__version__" or value.__doc__


def test_a_star_import_brings_the_public_names() -> None:
    brought: dict[str, object] = {}
    exec("from dreamgen import *", brought)
    assert set(brought) >= set(dreamgen.__all__)


def test_an_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="nightmare"):
        dreamgen.nightmare  # noqa: B018


@pytest.mark.parametrize(("name", "caught"), ERRORS.items())
def test_an_error_is_the_builtin_that_a_caller_would_catch(name: str, caught: type) -> None:
    assert issubclass(getattr(dreamgen, name), dreamgen.DreamgenError)
    assert issubclass(getattr(dreamgen, name), caught)


def test_the_version_is_the_one_that_was_installed() -> None:
    assert dreamgen.__version__ == version("dreamgen")


def test_the_types_are_declared() -> None:
    assert files("dreamgen").joinpath("py.typed").is_file()


# What an import does


def test_import_loads_nothing_heavy(tmp_path: Path) -> None:
    code = (
        f"import sys; sys.path.insert(0, {str(SOURCE.parent)!r}); import dreamgen; dir(dreamgen); "
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    loaded = set(printed(sys.executable, "-c", code, folder=tmp_path).split())
    assert "dreamgen" in loaded
    assert not loaded & HEAVY


MODULES = {
    ".".join(path.relative_to(SOURCE.parent).with_suffix("").parts).removesuffix(".__init__"): path
    for path in sorted(SOURCE.rglob("*.py"))
}


def imports(tree: ast.AST) -> Iterator[ast.Import | ast.ImportFrom]:
    """The imports that run when a module does: none in a function, none for type checkers only."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        elif isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield from imports(ast.Module(node.orelse, []))
        elif not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            yield from imports(node)


def imported(node: ast.Import | ast.ImportFrom, module: str) -> set[str]:
    """The modules of dreamgen that an import statement in a module runs."""
    if isinstance(node, ast.Import):
        named = {alias.name for alias in node.names}
    else:
        package = module if MODULES[module].name == "__init__.py" else module.rpartition(".")[0]
        for _ in range(node.level - 1):
            package = package.rpartition(".")[0]
        base = ".".join(filter(None, [package if node.level else "", node.module]))
        # `from . import text` runs dreamgen.text; the package itself is always there already.
        inner = {f"{base}.{alias.name}" for alias in node.names} & MODULES.keys()
        named = inner or {base}
    return named & MODULES.keys()


def test_imports_run_one_way() -> None:
    needs = {
        module: {
            other
            for node in imports(ast.parse(path.read_text(encoding="utf-8")))
            for other in imported(node, module)
        }
        for module, path in MODULES.items()
    }
    assert any(needs.values())
    try:
        graphlib.TopologicalSorter(needs).prepare()
    except graphlib.CycleError as error:
        pytest.fail(" imports ".join(reversed(error.args[1])))


@pytest.mark.parametrize("module", [name for name in MODULES if ".extras" not in name])
def test_an_import_inside_a_function_gives_its_reason_beside_it(module: str) -> None:
    text = MODULES[module].read_text(encoding="utf-8")
    tree, lines = ast.parse(text), text.splitlines()
    inside = {
        node
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    first = [run[0].lineno for run in adjoining(inside)]
    silent = [line for line in first if "#" not in "".join(lines[line - 2 : line])]
    assert not silent, f"{module}: no reason beside the imports on lines {silent}"


def adjoining(nodes: set[ast.stmt]) -> list[list[ast.stmt]]:
    """Statements in runs of neighbouring lines: one reason will do for a run."""
    runs: list[list[ast.stmt]] = []
    for node in sorted(nodes, key=lambda node: node.lineno):
        if runs and runs[-1][-1].end_lineno == node.lineno - 1:
            runs[-1].append(node)
        else:
            runs.append([node])
    return runs


# What is shipped


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project to build from, so that nothing is built or edited in the real one."""
    copy = tmp_path_factory.mktemp("checkout") / "dreamgen"
    left = shutil.ignore_patterns(".git", ".*cache", ".hypothesis", "__pycache__", "*venv*", "dist")
    return shutil.copytree(ROOT, copy, ignore=left)


def environment(folder: Path) -> Path:
    """The folder of commands of a new virtual environment with nothing in it but pip."""
    printed(sys.executable, "-m", "venv", folder, folder=folder.parent)
    return folder / ("Scripts" if os.name == "nt" else "bin")


@pytest.mark.slow
def test_a_wheel_dreams_in_an_empty_environment(checkout: Path, tmp_path: Path) -> None:
    wheels, elsewhere = tmp_path / "wheels", tmp_path / "elsewhere"
    elsewhere.mkdir()
    pip = [sys.executable, "-m", "pip", "--quiet"]
    printed(*pip, "wheel", "--no-deps", "--wheel-dir", wheels, checkout, folder=elsewhere)
    [wheel] = wheels.iterdir()
    inside = set(zipfile.ZipFile(wheel).namelist())
    assert inside >= SHIPPED
    assert {name.split("/")[0].split("-")[0] for name in inside} == {"dreamgen"}

    commands = environment(tmp_path / "venv")
    printed(commands / "python", "-m", "pip", "--quiet", "install", wheel, folder=elsewhere)
    dream = printed(commands / "dreamgen", "--seed", "7", folder=elsewhere)
    assert len(dream.split()) >= 80
    assert printed(commands / "python", "-m", "dreamgen", "--seed", "7", folder=elsewhere) == dream


@pytest.mark.slow
def test_an_editable_install_reads_the_templates_where_they_are_edited(
    checkout: Path, tmp_path: Path
) -> None:
    commands = environment(tmp_path / "venv")
    pip = [commands / "python", "-m", "pip", "--quiet"]
    printed(*pip, "install", "--editable", checkout, folder=tmp_path)
    installed = printed(
        commands / "python", "-c", "import sysconfig; print(sysconfig.get_path('purelib'))",
        folder=tmp_path,
    )  # fmt: skip
    assert not (Path(installed.strip()) / "dreamgen").exists()

    template = checkout / "templates" / "text.j2"
    before = printed(commands / "dreamgen", "--seed", "7", folder=tmp_path)
    template.write_text(template.read_text("utf-8") + "\nEdited at noon.\n", encoding="utf-8")
    after = printed(commands / "dreamgen", "--seed", "7", folder=tmp_path)
    assert "Edited at noon." not in before
    assert "Edited at noon." in after


@pytest.mark.slow
def test_a_source_archive_holds_all_that_a_packager_needs(checkout: Path, tmp_path: Path) -> None:
    pytest.importorskip("build", reason="python -m build comes with the extra `dev`")
    printed(
        sys.executable, "-m", "build", "--sdist", "--outdir", tmp_path, checkout, folder=tmp_path
    )
    [archive] = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as opened:
        inside = {member.name.partition("/")[2] for member in opened.getmembers()}
    wanted = {"pyproject.toml", "README.md", "LICENSE", "CHANGELOG.md", ".ci/run"}
    for folder in ("src", "templates", "tests", "examples", "benchmarks"):
        files = (path for path in (checkout / folder).rglob("*") if path.is_file())
        here = [path for path in files if path.parent.name != "__pycache__"]
        assert here, f"{folder}/ is missing or empty"
        wanted |= {path.relative_to(checkout).as_posix() for path in here}
    assert inside >= wanted
