"""Whole dreams, scene by scene: schemas filled by a Markov model that is steered exactly.

>>> import dreamgen
>>> dream = dreamgen.generate(seed=7)
>>> dream == dreamgen.generate(seed=7)
True
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_HOME = {
    "generate": "api", "generate_many": "api", "render": "render", "Dreamer": "dreamer",
    "Corpus": "corpus", "Text": "steered", "Dream": "schema", "Scene": "schema",
    "Setting": "schema", "Encounter": "schema", "Revelation": "schema", "Awakening": "schema",
    "Words": "rules", "Opens": "rules", "Closes": "rules", "Mentions": "rules", "Avoids": "rules",
    "Shaped": "rules", "Novel": "rules", "Leans": "rules", "DreamgenError": "errors",
    "CorpusError": "errors", "SchemaError": "errors", "Unsatisfiable": "errors",
    "TemplateError": "errors", "ModelFileError": "errors",
}  # fmt: skip

__all__ = list(_HOME)  # noqa: PLE0604 - the names are strings

if TYPE_CHECKING:
    from .api import generate, generate_many
    from .corpus import Corpus
    from .dreamer import Dreamer
    from .errors import (
        CorpusError,
        DreamgenError,
        ModelFileError,
        SchemaError,
        TemplateError,
        Unsatisfiable,
    )
    from .render import render
    from .rules import Avoids, Closes, Leans, Mentions, Novel, Opens, Shaped, Words
    from .schema import Awakening, Dream, Encounter, Revelation, Scene, Setting
    from .steered import Text


def __getattr__(name: str) -> Any:
    """Each public name is imported when it is first asked for, so that import itself is cheap."""
    if name in _HOME:
        value = getattr(import_module(f".{_HOME[name]}", __name__), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
