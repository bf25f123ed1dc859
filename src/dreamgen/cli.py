"""The command: dreams on standard output and nothing else there.

Bad input ends in one clear line on standard error and exit code 2. A closed pipe ends it quietly
with code 141, Ctrl-C with code 130. A file given by ``-o`` appears whole or not at all.
"""

import gc
import os
import shlex
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import click

from . import __version__
from .errors import DreamgenError
from .facts import ARCS, MOODS, RUN, VOICES

if TYPE_CHECKING:
    from .dreamer import Dreamer

F = TypeVar("F", bound=Callable[..., None])

TAGGERS = ("hanta", "endings")
FORMATS = ("text", "markdown", "html", "json", "jsonl")


class Bounds(click.ParamType[tuple[int, int]]):
    """A pair A:B of whole numbers; one number alone is both."""

    name = "A:B"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[int, int]:
        """The pair, or a usage error that shows one."""
        least, colon, most = str(value).partition(":")
        try:
            return int(least), int(most if colon else least)
        except ValueError:
            self.fail(f"{value!r} is not two numbers with a colon, as in 200:300", param, ctx)


class Weights(click.ParamType[tuple[float, ...]]):
    """Numbers A:B:..., one for each of some models."""

    name = "W:W"

    def convert(self, value: Any, param: Any, ctx: Any) -> tuple[float, ...]:
        """The numbers, or a usage error that shows some."""
        try:
            return tuple(float(part) for part in str(value).split(":"))
        except ValueError:
            self.fail(f"{value!r} is not numbers with colons between, as in 1:2", param, ctx)


def _seed(text: str | None) -> int | str | None:
    """A seed from the command line: a number where it is one, as `generate(seed=7)` has it."""
    try:
        return text if text is None else int(text)
    except ValueError:
        return text


class Command(click.Group):
    """A group whose own options write dreams when no subcommand is named."""

    def main(self, *args: Any, **kwargs: Any) -> Any:
        """Runs the command; every error that dreamgen raises on purpose becomes one line."""
        kwargs["standalone_mode"] = False
        try:
            code = super().main(*args, **kwargs)
            sys.stdout.flush()
        except click.exceptions.NoArgsIsHelpError as error:
            error.show()
            sys.exit(2)
        except click.ClickException as error:
            _complain(error.format_message())
            sys.exit(2)
        except (click.Abort, KeyboardInterrupt):
            _complain("stopped")
            sys.exit(130)
        except (DreamgenError, OSError, ValueError, TypeError, ModuleNotFoundError) as error:
            _complain(_message(error))
            sys.exit(2)
        sys.exit(code if isinstance(code, int) else 0)


def _complain(message: str) -> None:
    click.echo(f"dreamgen: {' '.join(message.split())}", err=True)


def _message(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    return str(error)


def _close_quietly() -> None:
    """Lets Python end without a word about the pipe that is gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(cls=Command, invoke_without_command=True, context_settings={"max_content_width": 100})
@click.version_option(__version__, message="dreamgen %(version)s")
@click.option("--seed", metavar="S", help="Any number or word; the same seed, the same dream.")
@click.option("-n", "count", metavar="N", type=click.IntRange(min=0), help="How many dreams.")
@click.option(
    "--start",
    metavar="I",
    type=click.IntRange(min=0),
    default=0,
    help="Begin at dream I of the seed.",
)
@click.option("--arc", metavar="ARC", type=click.Choice(ARCS), help=", ".join(ARCS))
@click.option("--mention", metavar="W", multiple=True, help="A word to occur; may be repeated.")
@click.option("--avoid", metavar="W", multiple=True, help="A word to shun; may be repeated.")
@click.option("--words", metavar="A:B", type=Bounds(), help="From A to B words (default 300:600).")
@click.option("--pronoun", metavar="P", type=click.Choice(VOICES), help="they, she or he")
@click.option("--mood", metavar="M", type=click.Choice(MOODS), help=", ".join(MOODS))
@click.option(
    "--format",
    "form",
    type=click.Choice(FORMATS),
    default="text",
    show_default=True,
    help="How dreams are printed.",
)
@click.option("--template", metavar="FILE", help="A Jinja template of your own.")
@click.option(
    "--corpus", metavar="PATH", multiple=True, help="Text files or folders to learn from instead."
)
@click.option("--model", metavar="FILE", help="A model made by `dreamgen train` instead.")
@click.option(
    "--workers",
    metavar="N",
    type=click.IntRange(min=1),
    help="Processes to spread many dreams over.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write there instead.",
)
@click.pass_context
def main(
    context: click.Context,
    seed: str | None,
    count: int | None,
    start: int,
    arc: str | None,
    mention: Sequence[str],
    avoid: Sequence[str],
    words: tuple[int, int] | None,
    pronoun: str | None,
    mood: str | None,
    form: str,
    template: str | None,
    corpus: Sequence[str],
    model: str | None,
    workers: int | None,
    output: Path | None,
) -> None:
    """Write whole dreams, scene by scene, from the dream book or a corpus of your own.

    The dreams go to standard output; the line that repeats them goes to standard error.
    """
    if context.invoked_subcommand:
        return
    with _uncollected():
        from .seeds import fresh_seed  # --help and bad options answer without loading the engine

        chosen = fresh_seed() if seed is None else _seed(seed)
        dreamer = _dreamer(corpus, model)
    dreams = dreamer.generate_many(
        1 if count is None else count, seed=chosen, start=start, workers=workers, arc=arc,
        mention=mention, avoid=avoid, words=words, pronoun=pronoun, mood=mood,
    )  # fmt: skip
    with _endings(), _destination(output) as file, closing(dreams):
        for text in _printed(dreams, form, template):
            file.write(text)
        file.flush()
    again = sys.argv[1:] if seed is not None else [*sys.argv[1:], "--seed", str(chosen)]
    click.echo(f"dreamgen {shlex.join(again)}", err=True)


def _dreamer(corpus: Sequence[str], model: str | None) -> "Dreamer":
    """The dreamer of some texts or of a model file; with neither, that of what ships."""
    if corpus and model is not None:
        raise click.UsageError("--model and --corpus: learn from texts or from a model, not both")
    from .corpus import Corpus  # as above
    from .dreamer import Dreamer

    if model is not None:
        return Dreamer.load(model)
    return Dreamer(Corpus.from_files(*corpus)) if corpus else Dreamer()


@contextmanager
def _uncollected() -> Iterator[None]:
    """No garbage is looked for meanwhile, nor later among what is loaded here: none of it is, and
    the search costs a tenth of the time of one dream."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        if was:
            gc.enable()


@contextmanager
def _endings() -> Iterator[None]:
    """A closed pipe and Ctrl-C end the command here: click would end them otherwise."""
    try:
        yield
    except BrokenPipeError:
        _close_quietly()
        raise SystemExit(141) from None
    except KeyboardInterrupt:
        _complain("stopped")
        raise SystemExit(130) from None


def _printed(dreams: Iterable[Any], form: str, template: str | None) -> Iterator[str]:
    """Each dream as it is printed, separators included."""
    from .page import render  # the templates are loaded only when something is printed

    for place, dream in enumerate(dreams):
        if template is not None or form in ("markdown", "html"):
            made = render(dream, template if template is not None else form)
            yield ("\n" if place and form != "html" else "") + made + "\n"
        elif form == "text":
            yield ("\n* * *\n\n" if place else "") + f"{dream}\n"
        else:
            yield dream.to_json(indent=2 if form == "json" else None) + "\n"


@contextmanager
def _destination(output: Path | None) -> Iterator[IO[str]]:
    """Standard output, or a file that is moved into place when all is written."""
    if output is None:
        yield sys.stdout
        return
    from .files import replacing  # pulls in numpy, which --help does without

    with replacing(output) as file:
        yield file


def _as_main(*names: str) -> Callable[[F], F]:
    """Options of the main command, for one of its subcommands."""

    def with_options(function: F) -> F:
        for option in reversed(main.params):
            if option.name in names:
                function.__dict__.setdefault("__click_params__", []).append(option)
        return function

    return with_options


@main.command()
@click.argument("count", type=click.IntRange(min=0))
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="The file: .jsonl, .jsonl.gz, .jsonl.zst or .parquet.",
)
@_as_main("seed", "start", "arc", "mention", "avoid", "words", "pronoun", "mood", "model", "corpus")
@click.option("--columns", metavar="A,B", help="The columns to write, in this order; else all.")
@click.option(
    "--workers", metavar="N", type=click.IntRange(min=1), help="Processes to spread the work over."
)
@click.option(
    "--dask",
    metavar="[ADDRESS]",
    is_flag=False,
    flag_value="local",
    help="After COUNT: use a Dask cluster, at tcp://HOST:PORT, or a local one that is started.",
)
@click.option(
    "--force", is_flag=True, help="Replace FILE if it is there, once the new one is whole."
)
def bulk(
    count: int,
    output: Path,
    seed: str | None,
    start: int,
    columns: str | None,
    workers: int | None,
    dask: str | None,
    force: bool,
    corpus: Sequence[str],
    model: str | None = None,
    **same: Any,
) -> None:
    """Write COUNT dreams to a file, one a row; millions, if you like.

    What is done is kept in FILE.job, safe to the last second or so. Stopped at any point (Ctrl-C,
    a full disk, a lost machine), the same command goes on from there and ends with the same bytes;
    without --seed it goes on with the seed that was drawn. FILE appears when all is done. A FILE
    that is there already is not touched without --force, and then when the new one is whole.

    A row has the columns seed, index, edition, arc, pronoun, figure, attributes, words, sentences,
    motifs, scenes and text.
    """
    from .bulk import Job  # --help and bad options answer without loading the engine
    from .progress import shown

    if dask not in (None, "local") and workers:
        raise click.UsageError("--workers is for this machine; a cluster has workers of its own")
    job = Job(
        output, count, seed=_seed(seed), start=start, columns=columns, replace=force,
        dreamer=_dreamer(corpus, model), command=f"dreamgen {shlex.join(sys.argv[1:])}", **same,
    )  # fmt: skip
    again = sys.argv[1:] if seed is not None else [*sys.argv[1:], "--seed", str(job.seed)]
    try:
        with shown(count, "dreams") as told:
            if dask is None:
                job.run(workers, told)
            else:
                from .cluster import executor  # an extra

                with executor(dask, workers) as (pool, threads):
                    job.run(pool, told, ahead=2 * threads + 2)
    except KeyboardInterrupt:
        _complain(f"stopped; {job.kept()}")
        raise SystemExit(130) from None
    click.echo(f"dreamgen {shlex.join(again)}", err=True)


@main.command()
@click.argument("paths", nargs=-1)
@click.option("--model", metavar="FILE", help="A model made by `dreamgen train` instead.")
def report(paths: Sequence[str], model: str | None) -> None:
    """Tell what a corpus holds: documents, tags, what was mended, what each field can say."""
    click.echo(_dreamer(paths, model).report())


@main.command()
@click.argument("paths", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; it appears whole or not at all.",
)
@click.option("--tagger", type=click.Choice(TAGGERS), help="By default the best that is installed.")
@click.option("--order", metavar="N", type=click.IntRange(min=1), help="The order of the chain.")
@click.option(
    "--run", metavar="N", type=click.IntRange(min=2), default=RUN, show_default=True,
    help="The longest run of tokens to share with the texts.",
)  # fmt: skip
@click.option(
    "--shapes/--no-shapes", default=True, show_default=True,
    help="Measure the shapes of every field now, so that the first dream need not.",
)  # fmt: skip
@click.option("--memory", metavar="M", help="Sort within so much, as 2GB; needs dreamgen[large].")
def train(
    paths: Sequence[str],
    output: Path,
    tagger: str | None,
    order: int | None,
    run: int,
    shapes: bool,
    memory: str | None,
) -> None:
    """Learn from text files or folders once, and keep what was learned as one model file."""
    from time import perf_counter  # as above

    from .corpus import Corpus  # as above
    from .dreamer import Dreamer

    begun = perf_counter()
    with _endings(), _stages() as stage:
        stage("reading")
        corpus = Corpus.from_files(*paths, tagger=tagger, stage=stage)
        stage(f"learning from {corpus.size:,} tokens")
        dreamer = Dreamer(corpus, order=order, run=run, memory=memory)
        dreamer.save(output, shapes=shapes, stage=stage)
    click.echo(
        f"{output}: {corpus.size:,} tokens, "
        f"{output.stat().st_size / 1e6:,.1f} MB, {perf_counter() - begun:.1f} s",
        err=True,
    )


@main.command()
@click.argument("models", nargs=-1, required=True)
@click.option(
    "-o",
    "--output",
    metavar="MODEL",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; it appears whole or not at all.",
)
@click.option(
    "--weights", metavar="W:W", type=Weights(), help="How often each model counts, in their order."
)
@click.option("--shapes/--no-shapes", default=True, show_default=True, help="As for train.")
@click.option("--memory", metavar="M", help="As for train.")
def merge(
    models: Sequence[str],
    output: Path,
    weights: Sequence[float] | None,
    shapes: bool,
    memory: str | None,
) -> None:
    """Make one model of several, their counts added up."""
    from .dreamer import Dreamer  # as above

    with _endings(), _stages() as stage:
        stage("opening the models")
        loaded = [Dreamer.load(model) for model in models]
        made = Dreamer.merged(loaded, weights=weights, memory=memory)
        made.save(output, shapes=shapes, stage=stage)
    tokens = made.model.corpus.size
    click.echo(f"{output}: {tokens:,} tokens, {output.stat().st_size / 1e6:,.1f} MB", err=True)


@contextmanager
def _stages() -> Iterator[Callable[[str], None]]:
    """A call that says what is being done, on one line that is cleared; silent in a log."""
    shown = sys.stderr.isatty()

    def stage(what: str) -> None:
        if shown:
            click.echo(f"\r\x1b[K{what} …", nl=False, err=True)

    try:
        yield stage
    finally:
        if shown:
            click.echo("\r\x1b[K", nl=False, err=True)


if __name__ == "__main__":
    main()
