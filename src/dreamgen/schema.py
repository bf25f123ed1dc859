"""What a dream is: scenes of fields, each field one sentence with its rules.

The models here are Pydantic's. A field's demands are written in its ``Annotated[...]`` and nowhere
else: as validators they judge a dream that a person has edited, and the dreamer reads the same
values to steer the sampler. ``From(role, ...)`` is no demand: it names the roles of the corpus
whose sentences a field takes its shapes from.

To add a scene or a field of one's own, subclass:

>>> class Harbour(Setting):
...     tide: Annotated[Line, From("setting.air", "setting.place"), Words(4, 20)] | None = None
>>> [scene.__name__ for scene in scenes_of(dream_with(Harbour))]
['Harbour', 'Encounter', 'Revelation', 'Awakening']
"""

import hashlib
import json
import textwrap
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self, TypeVar, Union, cast, get_args

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    SerializationInfo,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic.fields import FieldInfo
from pydantic_core import PydanticCustomError

from .errors import SchemaError
from .images import images
from .rules import Avoids, Judged, Mentions, Novel, Rule, Speaks, Words
from .text import spoken

if TYPE_CHECKING:
    from .bookmodel import BookModel
    from .model import Model

Voice = Literal["they", "she", "he"]

SHE = ("she", "her", "hers", "herself", "she’s", "she’d", "she’ll")
HE = ("he", "him", "his", "himself", "he’s", "he’d", "he’ll")
OTHERS = {"they": SHE + HE, "she": HE, "he": SHE}
YOU = ("you", "your", "yours", "yourself", "yourselves", "you’re")


@dataclass(frozen=True, init=False)
class From:
    """The roles of the corpus, as ``scene.role``, whose sentences lend a field their shapes.

    The first is the field's home: its words count most.
    """

    roles: tuple[str, ...]

    def __init__(self, *roles: str) -> None:
        if not roles or not all(role.count(".") == 1 for role in roles):
            raise SchemaError(f"From takes roles as 'scene.role', not {roles!r}")
        object.__setattr__(self, "roles", roles)


# What some fields cannot do without: one word of these.
UNDERFOOT = tuple(
    "ground grass feet earth step path meadow floor boards stone sand mud snow tile carpet stairs "
    "rung boots heels soles shoes ankles toes underfoot barefoot tread plank cobble gravel deck "
    "moss soil sill clay linoleum rug ice dust turf shingle rock sleepers iron pavement leaves "
    "needles rails slab boulder peat street dirt crust roots quay straw footprints landing "
    "road".split()
)
WEATHER = tuple(
    "storm tempest vortex rain thunder wind tears hail hailstorm snow gale lightning squall fog "
    "cloud weather sleet blizzard sandstorm flood hailstones waves gusts water drizzle mist dust "
    "sparks frost".split()
)
WALKING = tuple(
    "walk stroll wander path footsteps step feet stride side pace follow climb cross carry lead "
    "push".split()
)
VOWING = tuple(
    "responsibility honor hold confidences promise will keep swear vow guard never".split()
)
TELLING = tuple("story voice heart soul fragments tell told answer say said confess admit".split())
COSMOS = tuple(
    "creation destruction cosmos stars galaxies galaxy universe world sky sun moon light mountains "
    "oceans rivers islands constellations forests planets earth everything nothing night sea "
    "cities".split()
)
FEELINGS = tuple(
    "sadness hope love emotions feelings fear sorrow grief joy anger longing shame envy peace "
    "wonder regret worry".split()
)

# The validators are built when something is first validated: a dream that is told needs none.
MODEL = ConfigDict(frozen=True, extra="forbid", defer_build=True)

Line = Annotated[str, Words(2, 45), Novel()]
Own = Annotated[Line, Avoids(*YOU)]
Said = Annotated[Line, Speaks()]


class Scene(BaseModel):
    """A scene of a dream: its fields are sentences, in the order in which they are told."""

    model_config = MODEL

    kind: str

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        super().__pydantic_init_subclass__(**kwargs)
        if cls.__module__ != __name__:  # a mistake in a class of one's own shows where it is made
            cls.model_rebuild(raise_errors=False)

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not any(True for _ in self.lines()):
            raise PydanticCustomError("scene", "a scene says at least one thing")
        return self

    def lines(self) -> Iterator[tuple[str, str]]:
        """The (name, sentence) pairs of the fields that are there, in order."""
        for name, value in self.__dict__.items():
            if value is None or name == "kind":
                continue
            if isinstance(value, str):
                yield name, value
            elif isinstance(value, tuple):
                yield from ((f"{name}.{place}", line) for place, line in enumerate(value))


class Setting(Scene):
    """Where the dream is: what the dreamer finds around them."""

    kind: Literal["setting"] = "setting"
    place: Annotated[Own, From("setting.place")] = Field(description="where I find myself")
    view: Annotated[Own, From("setting.view")] | None = Field(None, description="what is seen")
    air: Annotated[Own, From("setting.air")] | None = Field(None, description="air, scent, sound")
    ground: (
        Annotated[
            Own,
            From("setting.ground", "setting.view", "setting.place"),
            Mentions(*UNDERFOOT, least=1),
            Avoids("glimpse"),
        ]
        | None
    ) = Field(None, description="underfoot")
    time: Annotated[Own, From("setting.time")] | None = Field(None, description="how time moves")
    thing: Annotated[Own, From("setting.thing")] | None = Field(
        None, description="a small thing that draws the eye"
    )
    communion: Annotated[Own, From("setting.communion")] | None = Field(
        None, description="what we are to one another here"
    )
    feelings: (
        Annotated[
            Own,
            From("setting.feelings"),
            Mentions(*FEELINGS, least=1),
        ]
        | None
    ) = Field(None, description="feelings seen as colours")


class Encounter(Scene):
    """Who or what is met, and how it draws near."""

    kind: Literal["encounter"] = "encounter"
    journey: Annotated[Own, From("encounter.journey")] | None = Field(
        None, description="being carried to a far place"
    )
    call: Annotated[Own, From("encounter.call")] | None = Field(None, description="a call for help")
    figure: Annotated[Own, From("encounter.figure")] | None = Field(
        None, description="a figure appears"
    )
    storm: (
        Annotated[
            Own,
            From("encounter.storm"),
            Mentions(*WEATHER, least=1),
        ]
        | None
    ) = Field(None, description="the storm around one who grieves")
    approach: Annotated[Own, From("encounter.approach")] | None = Field(
        None, description="drawing closer"
    )
    face: Annotated[Own, From("encounter.face")] | None = Field(
        None, description="their face, eyes, presence"
    )
    gesture: Annotated[Own, From("encounter.gesture")] | None = Field(
        None, description="something small that the figure does"
    )
    presence: Annotated[Own, From("encounter.presence")] | None = Field(
        None, description="the life of a far place"
    )
    bond: Annotated[Own, From("encounter.bond")] | None = Field(None, description="what joins us")
    walk: (
        Annotated[
            Own,
            From("encounter.walk", "encounter.bond", "setting.place", "revelation.landscape"),
            Mentions(*WALKING, least=1),
        ]
        | None
    ) = Field(None, description="walking together")


class Revelation(Scene):
    """What is told and shown, and what it changes."""

    kind: Literal["revelation"] = "revelation"
    speech: Annotated[Said, From("revelation.speech")] | None = Field(
        None, description="words spoken, in quotation marks"
    )
    voice: Annotated[Own, From("revelation.voice")] | None = Field(
        None, description="how they begin to speak"
    )
    gaze: Annotated[Own, From("revelation.gaze")] | None = Field(
        None, description="how they look as they tell it"
    )
    confession: Annotated[Own, From("revelation.confession")] | None = Field(
        None, description="what they tell"
    )
    secret: Annotated[Own, From("revelation.secret")] | None = Field(
        None, description="what a secret becomes once shared"
    )
    vow: (
        Annotated[
            Own,
            From("revelation.secret", "revelation.answer", "revelation.feeling"),
            Mentions(*VOWING, least=1),
        ]
        | None
    ) = Field(None, description="secrets kept as a duty")
    answer: Annotated[Own, From("revelation.answer", "revelation.feeling")] | None = Field(
        None, description="what I give: I listen, I reach out"
    )
    in_return: (
        Annotated[
            Own,
            From("revelation.answer", "revelation.confession", "awakening.remains"),
            Mentions("my", least=1),
            Mentions(*TELLING, least=1),
        ]
        | None
    ) = Field(None, description="the dreamer's own story, told in return")
    changed: Annotated[Own, From("revelation.changed")] | None = Field(
        None, description="the thing of the setting, changed"
    )
    moths: (
        Annotated[Own, From("revelation.transformation", "encounter.call"), Mentions("moth")] | None
    ) = Field(None, description="sorrows become moths")
    butterflies: (
        Annotated[
            Own,
            From(
                "revelation.renewal", "setting.view", "setting.ground", "revelation.transformation"
            ),
            Mentions("butterflies"),
            Avoids("glimpse"),
        ]
        | None
    ) = Field(None, description="moths become butterflies")
    transformation: Annotated[Own, From("revelation.transformation")] | None = Field(
        None, description="trust becomes a thing that can be touched"
    )
    landscape: Annotated[Own, From("revelation.landscape")] | None = Field(
        None, description="the place answers"
    )
    gathering: Annotated[Own, From("revelation.gathering")] | None = Field(
        None, description="the others gather"
    )
    circle: (
        Annotated[
            Own,
            From("revelation.gathering", "encounter.call", "revelation.transformation"),
            Mentions("circle"),
        ]
        | None
    ) = Field(None, description="a circle is formed")
    vision: (
        Annotated[
            Own,
            From("revelation.vision", "revelation.truth"),
            Mentions(*COSMOS, least=1),
        ]
        | None
    ) = Field(None, description="creation and destruction")
    bond: Annotated[Own, From("revelation.bond", "encounter.bond")] | None = Field(
        None, description="what joins us"
    )
    truth: Annotated[Own, From("revelation.truth")] | None = Field(
        None, description="what is understood"
    )


class Awakening(Scene):
    """How the dream ends, and what is carried out of it."""

    kind: Literal["awakening"] = "awakening"
    fading: Annotated[Own, From("awakening.fading")] | None = Field(None, description="it fades")
    dawn: Annotated[Own, From("awakening.dawn")] | None = Field(None, description="light returns")
    remains: Annotated[Own, From("awakening.remains")] | None = Field(
        None, description="what stays as it fades"
    )
    return_: Annotated[Own, From("awakening.return_")] = Field(description="waking")
    gift: Annotated[Own, From("awakening.gift")] | None = Field(
        None, description="what is carried back"
    )
    lesson: Annotated[Own, From("awakening.lesson")] | None = Field(None, description="the moral")
    turn: (
        Annotated[
            Line,
            From("awakening.coda"),
            Mentions("you", "your", "yourself", least=1),
        ]
        | None
    ) = Field(None, description="the reflection turns to you")
    coda: tuple[Annotated[Line, From("awakening.coda")], ...] = Field(
        (), description="a reflection, after the turn to you", max_length=3
    )


class Cast(BaseModel):
    """Who is in the dream beside the dreamer."""

    model_config = MODEL

    pronoun: Voice = Field(description="the one set of pronouns of the figure")
    figure: str = Field("figure", description="the noun by which the figure is first called")
    attributes: tuple[str, ...] = Field(
        (), description="what is said of the figure when it is first met: old, in a wet coat"
    )


class Motif(BaseModel):
    """An image that returns: a word, and the paths of the sentences where it stands."""

    model_config = MODEL

    word: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Span:
    """A run of a sentence and a sentence of the corpus that it occurs in."""

    text: str
    document: str
    sentence: int


@dataclass(frozen=True, slots=True)
class Source:
    """A sentence of a dream and the corpus runs that it is made of, in order."""

    path: str
    sentence: str
    spans: tuple[Span, ...]


def _seed_out(seed: object, info: SerializationInfo) -> object:
    return {"hex": seed.hex()} if isinstance(seed, bytes) else seed


def _seed_in(seed: object) -> object:
    if isinstance(seed, Mapping) and set(seed) == {"hex"}:
        return bytes.fromhex(seed["hex"])
    return seed


SeedField = Annotated[
    int | str | bytes,
    BeforeValidator(_seed_in, json_schema_input_type=int | str | dict[Literal["hex"], str]),
    PlainSerializer(_seed_out, return_type=int | str | dict[str, str], when_used="json"),
]

AnyScene = Annotated[Setting | Encounter | Revelation | Awakening, Field(discriminator="kind")]


class Dream(BaseModel):
    """A whole dream: typed, checked, and printed as a narrative by ``str()``.

    ``seed``, ``index`` and ``edition`` name the text: the same three with the same request give
    the same dream for ever. A dream goes to JSON and comes back equal. ``scenes`` may be edited by
    hand: the same rules that steered the sentences judge the new ones when it is read again.
    """

    model_config = MODEL

    edition: str = Field(description="the corpus and the algorithm that wrote it")
    seed: SeedField = Field(union_mode="smart", description="the seed that brings it back")
    index: int = Field(0, ge=0, description="its place in a batch drawn from one seed")
    arc: str = Field(description="the sequence of scenes that it follows")
    cast: Cast
    motifs: tuple[Motif, ...] = ()
    scenes: tuple[AnyScene, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _without_text(cls, data: Any) -> Any:
        if isinstance(data, dict) and "text" in data:  # written for readers, made from the scenes
            return {key: value for key, value in data.items() if key != "text"}
        return data

    @model_validator(mode="after")
    def _coherent(self, info: ValidationInfo) -> Self:
        if isinstance(info.context, Judged):
            return self
        fault = incoherence(self.lines(), self.cast.pronoun)
        if fault:
            raise PydanticCustomError("dream", "{fault}", {"fault": fault})
        return self

    def lines(self) -> Iterator[tuple[str, str]]:
        """The (path, sentence) pairs of the dream, in order."""
        for place, scene in enumerate(self.scenes):
            for name, line in scene.lines():
                yield f"scenes.{place}.{scene.kind}.{name}", line

    @cached_property
    def text(self) -> str:
        """The narrative, one paragraph a line with a blank line between."""
        from .page import render  # render reads dreams, so it comes after this

        return render(self)

    def __str__(self) -> str:
        return "\n\n".join(
            textwrap.fill(paragraph, 80, break_long_words=False, break_on_hyphens=False)
            for paragraph in self.text.split("\n\n")
        )

    def to_json(self, indent: int | None = None) -> str:
        """The dream as JSON, its text added; `Dream.model_validate_json` reads it back."""
        made = self.model_dump(mode="json", exclude_none=True)
        return json.dumps(made | {"text": self.text}, ensure_ascii=False, indent=indent)

    def sources(self, model: "Model | BookModel | None" = None) -> tuple[Source, ...]:
        """For each sentence the corpus runs that it is made of, longest first from the left.

        ``model`` is the model that wrote it (`Dreamer.model`, or for a book of one's own
        ``Dreamer.retelling.model``), by default the one that ships.
        """
        from .bookmodel import BookModel, book_model  # only for this is the book read
        from .sources import sources_in, sources_of  # they read dreams, so they come after this

        if model is None and self.edition.startswith("book"):
            model = book_model()
        if isinstance(model, BookModel):
            return sources_in(self.lines(), model)
        return sources_of(self.lines(), model)


M = TypeVar("M", bound=BaseModel)


def _judged(model: type[M], values: dict[str, Any], given: set[str]) -> M:
    """A model of values that are known to be valid, every field of it among them: the state that
    Pydantic's own copies and pickles are restored from."""
    made = model.__new__(model)
    made.__setstate__(
        {
            "__dict__": values,
            "__pydantic_fields_set__": given,
            "__pydantic_extra__": None,
            "__pydantic_private__": None,
        }
    )
    return made


@lru_cache(maxsize=8)
def _blank(kind: str) -> tuple[type[Scene], dict[str, Any]]:
    """The class of a kind of scene, and the values of a scene that says nothing."""
    [scene] = [scene for scene in scenes_of(Dream) if kind_of(scene) == kind]
    return scene, {name: info.get_default() for name, info in scene.model_fields.items()}


def judged_dream(made: Mapping[str, Any]) -> Dream:
    """The dream that validation would give, of parts whose sentences meet the rules by the way they
    were drawn; what people or files give is validated."""
    scenes: list[Scene] = []
    for fields in made["scenes"]:
        scene, blank = _blank(fields["kind"])
        scenes.append(_judged(scene, {**blank, **fields}, set(fields)))
    motifs = tuple([_judged(Motif, motif, set(motif)) for motif in made["motifs"]])
    cast = _judged(Cast, made["cast"], set(made["cast"]))
    whole = {**made, "cast": cast, "motifs": motifs, "scenes": tuple(scenes)}
    return _judged(Dream, whole, set(whole))


def paragraphs(scenes: Iterable[Mapping[str, Any]]) -> Iterator[list[str]]:
    """The sentences of each scene that is not a model yet, in the order of its fields.

    >>> list(paragraphs([{"kind": "awakening", "return_": "I wake.", "coda": ("It hums.",)}]))
    [['I wake.', 'It hums.']]
    """
    for scene in scenes:
        lines: list[str] = []
        for name, value in scene.items():
            if isinstance(value, str):
                if name != "kind":
                    lines.append(value)
            else:
                lines += value
        yield lines


def scenes_of(schema: type[Dream]) -> tuple[type[Scene], ...]:
    """The scene classes of a dream class, in the order in which it names them."""
    annotation = schema.model_fields["scenes"].annotation
    union = get_args(annotation)[0]
    while not (isinstance(union, type) and issubclass(union, Scene)):
        inner = get_args(union)
        if len(inner) > 1 and all(isinstance(t, type) and issubclass(t, Scene) for t in inner):
            return cast("tuple[type[Scene], ...]", inner)
        union = inner[0]
    return (union,)


def dream_with(*scenes: type[Scene]) -> type[Dream]:
    """A dream class in which the given scenes stand for the ones they extend.

    Raises `SchemaError` for a class that extends none of the four.
    """
    classes = {kind_of(scene): scene for scene in scenes_of(Dream)}
    for scene in scenes:
        if not (isinstance(scene, type) and issubclass(scene, tuple(classes.values()))):
            known = ", ".join(known.__name__ for known in classes.values())
            raise SchemaError(f"{scene!r} is no scene; extend one of {known}")
        classes[kind_of(scene)] = scene
    members: Any = Union[tuple(classes.values())]  # noqa: UP007 - they are known only now
    either: Any = Annotated[members, Field(discriminator="kind")]
    many: Any = tuple.__class_getitem__((either, ...))
    return create_model("Dream", __base__=Dream, scenes=(many, Field(min_length=1)))


def kind_of(scene: type[Scene]) -> str:
    """The kind of a scene class, as its ``kind`` field says."""
    return str(scene.model_fields["kind"].default)


@dataclass(frozen=True)
class Slot:
    """What a schema says of one field: its rules, its roles, and whether it must be there."""

    scene: str
    name: str
    rules: tuple[Rule, ...]
    roles: tuple[str, ...]
    required: bool
    many: int = 1


@lru_cache(maxsize=64)
def slots(scene: type[Scene]) -> tuple[Slot, ...]:
    """The fields of a scene class that hold sentences, in order.

    Raises `SchemaError` for a field that is neither a sentence nor a tuple of sentences.
    """
    kind = kind_of(scene)
    found = []
    for name, info in scene.model_fields.items():
        if name == "kind":
            continue
        marks, base = _marks(info)
        if base is not str:
            raise SchemaError(
                f"{scene.__name__}.{name}: a field holds a sentence (str), not {base}"
            )
        roles = next((mark.roles for mark in marks if isinstance(mark, From)), (f"{kind}.{name}",))
        rules = tuple(mark for mark in marks if isinstance(mark, Rule))
        many = next((m.max_length for m in info.metadata if hasattr(m, "max_length")), 1)
        found.append(Slot(kind, name, rules, roles, info.is_required(), many))
    return tuple(found)


def _marks(info: FieldInfo) -> tuple[list[object], object]:
    """All annotations of a field, however deep in unions and tuples, and the type they are on."""
    marks: list[object] = list(info.metadata)
    base: object = info.annotation
    while base is not str:
        inner = [arg for arg in get_args(base) if arg is not type(None) and arg is not Ellipsis]
        if not inner:
            break
        marks += getattr(base, "__metadata__", ())
        base = inner[0]
    return marks, base


def fields_digest(schema: type[Dream]) -> str:
    """Six hexadecimal digits that name the fields of a dream class and their rules."""
    fields = [repr(slot) for scene in scenes_of(schema) for slot in slots(scene)]
    return hashlib.blake2b("\n".join(fields).encode(), digest_size=3).hexdigest()


# Coherence over the whole dream


def incoherence(lines: Iterator[tuple[str, str]], pronoun: str) -> str:
    """What keeps the sentences from being one dream, or "" where nothing does."""
    others = frozenset(OTHERS[pronoun])
    seen: dict[object, str] = {}
    for path, line in lines:
        if line in seen:
            return f"{path}: the sentence of {seen[line]} again: {line!r}"
        shown = images(line)
        if not seen.keys().isdisjoint(shown):
            image = min(image for image in shown if image in seen)
            return f"{path}: {' '.join(image)!r} stands in {seen[image]} too"
        seen[line] = path
        seen.update(dict.fromkeys(shown, path))
        if not others.isdisjoint(spoken(line)):
            strange = next(word for word in spoken(line) if word in others)
            return f"{path}: {strange!r} in a dream whose figure is {pronoun!r}"
    return ""
