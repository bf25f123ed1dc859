"""What can go wrong, each also the built-in error that a caller would catch.

DreamgenError
├── CorpusError(ValueError)      a text that cannot be read or learned from
├── SchemaError(TypeError)       a scene or field that cannot be filled
├── Unsatisfiable(ValueError)    rules that no text can meet
├── TemplateError(ValueError)    a template that does not render
├── ModelFileError(ValueError)   a saved model that cannot be trusted
└── JobStopped(RuntimeError)     a bulk job that ended early; what it has is safe
"""

from collections.abc import Iterable


class DreamgenError(Exception):
    """The root of every error that dreamgen raises on purpose."""


class CorpusError(DreamgenError, ValueError):
    """A text that cannot be read, or holds nothing to learn from."""


class SchemaError(DreamgenError, TypeError):
    """A scene or a field that dreamgen does not know how to fill."""


class TemplateError(DreamgenError, ValueError):
    """A template that is missing or does not render; the message names template and line."""


class ModelFileError(DreamgenError, ValueError):
    """A model file that is truncated, foreign, corrupted or from a later version."""


class Unsatisfiable(DreamgenError, ValueError):
    """No text of this model meets all the rules.

    ``field`` is the path of the field that cannot be filled (empty for the whole dream), ``rules``
    a smallest set of rules that conflict (drop any one and the rest can be met), and ``hint`` a
    way out.

    >>> error = Unsatisfiable("scenes.0.setting.air", ["Mentions('glow')"], "try 'glowing'")
    >>> error.field
    'scenes.0.setting.air'
    >>> print(error)
    scenes.0.setting.air: nothing meets Mentions('glow'); try 'glowing'
    """

    def __init__(self, field: str, rules: Iterable[object], hint: str) -> None:
        self.field = field
        self.rules = tuple(rules)
        self.hint = hint
        demands = " with ".join(str(rule) for rule in self.rules)
        place = f"{field}: " if field else ""
        super().__init__(f"{place}nothing meets {demands}; {hint}")

    def __reduce__(self) -> tuple[type, tuple[str, tuple[object, ...], str]]:
        return type(self), (self.field, self.rules, self.hint)


class JobStopped(DreamgenError, RuntimeError):
    """A bulk job that could not go on: ``reason`` says why, ``kept`` what is safe and what to do.

    >>> print(JobStopped("No space left on device", "512 of 1,024 dreams are safe"))
    No space left on device; 512 of 1,024 dreams are safe
    """

    def __init__(self, reason: str, kept: str) -> None:
        self.reason = reason
        self.kept = kept
        super().__init__(f"{reason}; {kept}")

    def __reduce__(self) -> tuple[type, tuple[str, str]]:
        return type(self), (self.reason, self.kept)
