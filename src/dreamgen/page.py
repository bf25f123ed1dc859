"""Dreams on the page: a filled dream and a Jinja template make a narrative.

The templates ``text``, ``markdown`` and ``html`` ship with dreamgen. One of your own is given as a
path or as a source; it runs in Jinja's sandbox, where a name that is not there is an error. In
every template ``choose(a, b, ...)`` picks one of its arguments, from a stream of the dream's own,
and ``paragraphs`` groups the sentences of a dream. Jinja's ``random`` filter, which draws from
Python's global generator, is taken out.
"""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    Environment,
    FunctionLoader,
    StrictUndefined,
    Template,
    TemplateNotFound,
    TemplateSyntaxError,
)
from jinja2 import (
    TemplateError as JinjaError,
)
from jinja2.sandbox import SandboxedEnvironment

from .errors import TemplateError
from .schema import Dream, Scene
from .seeds import Stream, choice, seed_key

# Words that may lead a paragraph; the sentences of the book have joints of their own.
LEADS = ("", "Then", "Now", "Soon")

BUILT_IN = {"text": "text.j2", "markdown": "markdown.j2", "html": "html.j2"}


def render(dream: Dream, template: str | Path = "text") -> str:
    """A dream as a narrative.

    ``template`` is "text", "markdown" or "html", the path of a Jinja template, or the source of
    one (any string with ``{{`` or ``{%`` in it). Raises `TemplateError`, naming template and line.

    >>> import dreamgen
    >>> render(dreamgen.generate(seed=7), "{{ dream.arc }}: {{ dream.scenes | length }} scenes")
    'vulnerability: 4 scenes'
    """
    name, made = _template(template)
    context = {
        "dream": dream,
        "choose": _chooser(dream),
        "paragraphs": [_paragraph(scene) for scene in dream.scenes],
        "leads": () if dream.edition.startswith("book") else LEADS,
    }
    try:
        return made.render(context).strip()
    except JinjaError as error:
        raise TemplateError(f"{name}, {_line_of(error, name)}: {error.message}") from error
    except Exception as error:
        # a template can fail in any way that an expression can
        raise TemplateError(f"{name}, {_line_of(error, name)}: {error}") from error


def _chooser(dream: Dream) -> Callable[..., Any]:
    streams: list[Stream] = []  # most templates choose nothing
    drawn = count()

    def choose(*options: Any) -> Any:
        """One of the options, the next number of the dream's template stream deciding."""
        if not streams:
            streams.append(Stream(seed_key(dream.seed), dream.index, "template"))
        return choice(streams[0][next(drawn)], options)

    return choose


def _paragraph(scene: Scene) -> list[str]:
    return [line for _, line in scene.lines()]


def _template(template: str | Path) -> tuple[str, Template]:
    if isinstance(template, str) and template in BUILT_IN:
        return template, _built_in(template)
    if isinstance(template, str) and ("{{" in template or "{%" in template):
        return "template", _compiled("template", template, "")
    path = Path(template)
    try:
        source = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "is not UTF-8"
        known = ", ".join(BUILT_IN)
        raise TemplateError(
            f"{template}: {reason}; give one of {known}, the path of a template, or its source"
        ) from error
    return str(path), _compiled(str(path), source, str(path.parent))


@lru_cache(maxsize=64)
def _compiled(name: str, source: str, folder: str) -> Template:
    loader = FunctionLoader(lambda other: _beside(folder, other)) if folder else None
    environment = _environment(
        SandboxedEnvironment, loader, escape=name.endswith((".html", ".htm"))
    )
    try:
        made = environment.from_string(source)
    except TemplateSyntaxError as error:
        raise TemplateError(f"{name}, line {error.lineno}: {error.message}") from error
    return made


def _beside(folder: str, name: str) -> str | None:
    path = Path(folder, name).resolve()
    inside = path.is_relative_to(Path(folder).resolve())
    return path.read_text("utf-8") if inside and path.is_file() else None


@lru_cache(maxsize=4)
def _built_in(name: str) -> Template:
    source = _shipped(BUILT_IN[name])
    environment = _environment(Environment, FunctionLoader(_shipped), escape=name == "html")
    return environment.from_string(source)


def _shipped(name: str) -> str:
    """The source of a template that ships: in the package, or beside the project's own files."""
    installed = Path(__file__).parent / "templates" / name
    if installed.is_file():
        return installed.read_text("utf-8")
    for folder in Path(__file__).resolve().parents:
        if (folder / "pyproject.toml").is_file():
            return (folder / "templates" / name).read_text("utf-8")
    raise TemplateNotFound(name)


def _environment(
    kind: type[Environment], loader: BaseLoader | None, *, escape: bool
) -> Environment:
    environment = kind(
        loader=loader,
        undefined=StrictUndefined,
        autoescape=escape,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    del environment.filters["random"]
    environment.filters["led"] = led
    return environment


_PLAIN = frozenset(
    "a an the i we they she he it my our their her his there each this these".split()
)


def led(line: str, lead: str) -> str:
    """A sentence after a leading word, where it can bear one, as itself where it cannot.

    >>> led("The mist parts.", "Then"), led("Slowly, the mist parts.", "Then")
    ('Then the mist parts.', 'Slowly, the mist parts.')
    """
    first, _, rest = line.partition(" ")
    if not lead or first.casefold() not in _PLAIN or lead.casefold() in rest.casefold().split():
        return line
    return f"{lead} {first if first == 'I' else first.lower()} {rest}"


def _line_of(error: BaseException, name: str) -> str:
    number = getattr(error, "lineno", None)
    for line in _lines(error):
        number = line
    return f"line {number}" if number else "at an unknown line"


def _lines(error: BaseException) -> Iterator[int]:
    """The template lines that a traceback passes through; Jinja rewrites them to the source's."""
    step = error.__traceback__
    while step is not None:
        if step.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            yield step.tb_lineno
        step = step.tb_next
