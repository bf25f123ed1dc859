"""The dreamer: what people hold. It has a corpus and a schema, and writes dreams from them.

Dreams of the bundled corpus, or of a book of one's own, are told from the book
(`dreamgen.retelling`); what the book cannot meet, and everything from other corpora, is composed
(`dreamgen.composer`), which is not loaded before it is needed.
"""

import pickle
from collections.abc import Callable, Generator, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .bookmodel import BookModel
from .corpus import Corpus
from .errors import CorpusError, SchemaError, Unsatisfiable
from .facts import RUN, VOICES
from .request import Request
from .retelling import Retelling
from .retelling import retelling as shipped
from .rules import Mentions
from .schema import Dream, Scene, dream_with, kind_of, scenes_of, slots
from .seeds import Seed, fresh_seed
from .text import listed, nearest, stem, words

if TYPE_CHECKING:
    from concurrent.futures import Executor

    import markovify

    from .composer import Composer
    from .model import Model
    from .steered import Text


class Dreamer:
    """Writes dreams from a corpus.

    ``corpus`` is a `Corpus`, or None for what ships: the dream book and the five documents;
    ``schema`` a dream class, or a scene class that extends one of the four; ``order``, ``run``
    and ``memory`` are those of `dreamgen.model.Model`. Fitting is linear in the corpus and waits
    for the first dream that needs it.

    >>> dream = Dreamer().generate(seed=7)
    >>> dream == Dreamer().generate(seed=7), dream.scenes[0].kind
    (True, 'setting')
    """

    def __init__(
        self,
        corpus: Corpus | None = None,
        *,
        schema: type[Dream] | type[Scene] = Dream,
        order: int | None = None,
        run: int = RUN,
        memory: str | None = None,
    ) -> None:
        if corpus is not None and not isinstance(corpus, Corpus):
            raise TypeError(f"a Dreamer takes a Corpus, not {type(corpus).__name__}")
        if not (isinstance(schema, type) and issubclass(schema, Dream | Scene)):
            raise SchemaError(f"schema is a Dream or Scene class, not {schema!r}")
        self._given = (corpus, schema, order, run)
        self._memory = memory
        plain = order is None and run == RUN and memory is None
        self._book = plain and (corpus is None or corpus.is_book)
        self.schema = dream_with(schema) if issubclass(schema, Scene) else schema
        self.scenes = {kind_of(scene): scene for scene in scenes_of(self.schema)}
        self.slots = {kind: slots(scene) for kind, scene in self.scenes.items()}
        if not self._book:
            _ = self.model  # a corpus or a setting that cannot be learned from is refused now

    @cached_property
    def model(self) -> "Model":
        """What is learned from the corpus; from the documents, where none is given."""
        from .model import Model, bundled_model  # the book is told without it

        corpus, _, order, run = self._given
        documents = corpus is None or corpus is Corpus.bundled("documents")
        if documents and order is None and run == RUN and self._memory is None:
            return bundled_model()
        corpus = corpus or Corpus.bundled("documents")
        return Model(corpus, order=order, run=run, memory=self._memory)

    @cached_property
    def composer(self) -> "Composer":
        """What composes sentences from the model."""
        from .composer import Composer  # as above
        from .edition import edition_of

        edition = edition_of(self.model, self.schema)
        return Composer(self.model, self.schema, self.slots, edition)

    @cached_property
    def retelling(self) -> "Retelling | None":
        """What tells dreams from a book, where the corpus is one."""
        if not self._book:
            return None
        corpus = self._given[0]
        if corpus is None:
            return shipped() if self.schema is Dream else Retelling(schema=self.schema)
        from .narrow import compact  # the book that ships is compact

        return Retelling(BookModel(compact(corpus)), self.schema)

    @property
    def edition(self) -> str:
        """The name of everything but seed and request that its dreams hang on."""
        return self.retelling.edition if self.retelling else self.composer.edition

    @cached_property
    def recipe(self) -> bytes:
        """What it takes to make this dreamer again in another process."""
        kept = None if self._book else self.model.kept
        return pickle.dumps((*self._given, self._memory, kept))

    @classmethod
    def of_recipe(cls, recipe: bytes) -> "Dreamer":
        """The dreamer of a `recipe` of one's own making; never of a file's."""
        corpus, schema, order, run, memory, kept = pickle.loads(recipe)
        made = cls(corpus, schema=schema, order=order, run=run, memory=memory)
        if kept is not None:
            made.model.kept = kept
        return made

    def save(
        self,
        path: str | Path,
        *,
        shapes: bool = False,
        stage: Callable[[str], object] | None = None,
    ) -> None:
        """Writes what was learned to one file, moved into place when it is whole.

        With ``shapes`` the shapes of every field are measured first, which is the dear part of the
        first dream from a corpus of one's own, so that the dreamer which is loaded need not.
        ``stage`` is told what is being done.
        """
        from .files import save_model  # as above
        from .shapes import measured_data

        _corpus, schema, order, _ = self._given
        if schema is not Dream:
            raise SchemaError("a schema of your own is code and is not saved; give it to load()")
        measured = None
        if not self._book and (shapes or self.model.kept is not None):
            fields = [slot for found in self.slots.values() for slot in found]
            measured = measured_data(fields, self.model, stage or str)
        save_model(Path(path), self.model, order, book=_corpus is None, shapes=measured)

    @classmethod
    def load(cls, path: str | Path, *, schema: type[Dream] | type[Scene] = Dream) -> "Dreamer":
        """The dreamer that was saved; raises `ModelFileError` for a file it cannot trust."""
        from .files import load_model  # as above

        corpus, order, run, shapes = load_model(Path(path))
        made = cls(corpus, schema=schema, order=order, run=run)
        if shapes is not None:
            made.model.kept = shapes
        return made

    @classmethod
    def merged(
        cls,
        dreamers: "Sequence[Dreamer]",
        *,
        weights: Sequence[float] | None = None,
        memory: str | None = None,
    ) -> "Dreamer":
        """A dreamer of the texts of several, whose counts are theirs added up.

        Each of ``weights``, above 0 and by default 1, says how often the texts of a dreamer count.
        Raises `CorpusError` where the dreamers go by other orders, runs or tags.

        >>> one, two = (Dreamer(Corpus.from_text(text, tagger="endings")) for text in
        ...     ("The sea is calm. The sea is low.", "The sea is loud."))
        >>> Dreamer.merged([one, two], weights=[1, 2]).model.corpus
        Corpus(2 documents, 3 sentences, tags: endings)
        """
        from .columns import LargeCorpus, columns_of, merged  # as above

        if any(dreamer._book for dreamer in dreamers):
            raise CorpusError("a book is not merged; put its files into one folder")
        settings = {(dreamer._given[2], dreamer._given[3]) for dreamer in dreamers}
        if len(settings) > 1:
            raise CorpusError("models of one order and one run can be merged; these have several")
        columns = merged([columns_of(dreamer.model.corpus) for dreamer in dreamers], weights)
        [(order, run)] = settings
        return cls(LargeCorpus(columns), order=order, run=run, memory=memory)

    def to_markovify(self, state_size: int = 2) -> "Text":
        """The sentences that it learns from as a `dreamgen.Text`, and so a ``markovify.Text``: its
        ``chain`` is markovify's, its ``to_json()`` markovify's JSON.

        >>> print(Dreamer(Corpus.bundled("documents")).to_markovify(1).make_sentence(seed=7))
        In this dreamworld.
        """
        from .steered import text_of  # only this needs markovify

        return text_of(self._given[0] or Corpus.bundled("book"), state_size)

    @classmethod
    def from_markovify(
        cls, source: "markovify.Text | str", *, schema: type[Dream] | type[Scene] = Dream,
        order: int | None = None, run: int = RUN,
    ) -> "Dreamer":  # fmt: skip
        """The dreamer of the sentences that a ``markovify.Text``, or its JSON, keeps.

        Raises `CorpusError` where it keeps none, as a bare chain does, or too few to dream from.
        """
        from .steered import corpus_of  # as above

        return cls(corpus_of(source), schema=schema, order=order, run=run)

    def report(self) -> str:
        """What was learned, for people: the corpus, and how much each field can say."""
        lines = [self.model.corpus.report(), f"edition {self.edition}"]
        if self.retelling:
            return "\n".join((*lines, *self.retelling.report()))
        for kind, fields in self.slots.items():
            for slot in fields:
                options = {voice: len(self.composer.choices(slot, voice)) for voice in VOICES}
                shapes = ", ".join(f"{voice} {number}" for voice, number in options.items())
                lines.append(f"{kind}.{slot.name}: shapes {shapes}")
        return "\n".join(lines)

    def generate(
        self,
        *,
        seed: Seed | None = None,
        arc: str | None = None,
        mention: Iterable[str] | str = (),
        avoid: Iterable[str] | str = (),
        words: tuple[int, int] | None = None,
        pronoun: str | None = None,
        mood: str | None = None,
    ) -> Dream:
        """One dream; see `dreamgen.generate`."""
        request = Request.of(
            arc=arc, mention=mention, avoid=avoid, words=words, pronoun=pronoun, mood=mood
        )
        return self._dream(fresh_seed() if seed is None else seed, 0, request)

    def generate_many(
        self,
        count: int,
        *,
        seed: Seed | None = None,
        start: int = 0,
        workers: "int | Executor | None" = None,
        **same: Any,
    ) -> Generator[Dream, None, None]:
        """Dreams ``start`` to ``start + count`` of a seed; see `dreamgen.generate_many`."""
        from .batch import dreams  # spreads work over processes that import this module

        return dreams(
            self, count, seed=seed, start=start, workers=workers, request=Request.of(**same)
        )

    def _dream(self, seed: Seed, index: int, request: Request) -> Dream:
        """One dream of a seed; the request was checked."""
        if self.retelling is None:
            return self.composer.dream(seed, index, request)
        if told := self.retelling.dream(seed, index, request):
            return told
        try:
            return self.composer.dream(seed, index, request)
        except Unsatisfiable as error:
            raise self._refused(seed, index, request) or error from None

    def _refused(self, seed: Seed, index: int, request: Request) -> Unsatisfiable | None:
        """Why neither the book nor the documents meet a request: a word that neither has, or a
        smallest set of demands that the book cannot meet together; None where it meets none."""
        assert self.retelling is not None
        book = self.retelling.model
        for phrase in request.mention:
            for word in words(phrase):
                if not book.naming(stem(word)) and stem(word) not in self.model.stems:
                    alike = nearest(word, book.said | set(self.model.vocabulary.word_number))
                    hint = f"try {listed(alike)}" if alike else "ask for a word that it knows"
                    return Unsatisfiable(
                        "", [Mentions(phrase)], f"the corpus never says {word!r}; {hint}"
                    )
        demands = list(request.demands())
        for demand in tuple(demands):
            fewer = [other for other in demands if other is not demand]
            if self.retelling.dream(seed, index, Request.demanding(fewer)) is None:
                demands = fewer
        if not demands:
            return None
        hint = "drop any one of these, or try another seed"
        if all(demand.name == "words" for demand in demands):
            hint = "from 80 to 2,000 words can be asked for"
        return Unsatisfiable("", [demand.shown for demand in demands], hint)
