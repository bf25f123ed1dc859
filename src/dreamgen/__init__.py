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
    name: home
    for home, names in {
        "api": "generate generate_many",
        "page": "render",
        "dreamer": "Dreamer",
        "corpus": "Corpus",
        "steered": "Text",
        "schema": "Dream Scene Setting Encounter Revelation Awakening",
        "rules": "Words Opens Closes Mentions Avoids Shaped Novel Leans",
        "errors": "DreamgenError CorpusError SchemaError Unsatisfiable TemplateError "
        "ModelFileError",
    }.items()
    for name in names.split()
}

__all__ = [
    "Avoids",
    "Awakening",
    "Closes",
    "Corpus",
    "CorpusError",
    "Dream",
    "Dreamer",
    "DreamgenError",
    "Encounter",
    "Leans",
    "Mentions",
    "ModelFileError",
    "Novel",
    "Opens",
    "Revelation",
    "Scene",
    "SchemaError",
    "Setting",
    "Shaped",
    "TemplateError",
    "Text",
    "Unsatisfiable",
    "Words",
    "generate",
    "generate_many",
    "render",
]

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
    from .page import render
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
