"""Rendering: built-in templates, templates of one's own, and the sandbox that they run in."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

import dreamgen
from dreamgen import Dream, TemplateError
from dreamgen.page import BUILT_IN, render

DREAM = dreamgen.generate(seed=7)
LINES = [line for _, line in DREAM.lines()]


def edited(place: str) -> Dream:
    """A dream whose first sentence nobody checked."""
    data = DREAM.model_dump()
    scene = type(DREAM.scenes[0]).model_construct(**(data["scenes"][0] | {"place": place}))
    fields = {name: getattr(DREAM, name) for name in Dream.model_fields}
    return Dream.model_construct(**(fields | {"scenes": (scene, *DREAM.scenes[1:])}))


class Page(HTMLParser):
    """The tags of a page, and its text."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[str] = []
        self.said = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self.tags.append(tag)
        if tag != "meta":
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def tail(line: str) -> str:
    """A sentence without its first word, which a template may lead with another."""
    return line.partition(" ")[2]


@pytest.mark.parametrize("name", BUILT_IN)
def test_every_sentence_stands_in_order(name: str) -> None:
    text = render(DREAM, name)
    if name == "html":
        text = Page(text).said
    at = 0
    for line in LINES:
        at = text.index(tail(line), at)
    assert text.count("I am dreaming.") == 1


def test_the_text_of_a_dream_is_its_rendering() -> None:
    assert DREAM.text == render(DREAM) == render(DREAM, "text")
    assert DREAM.text.startswith("I am dreaming. ")
    assert len(DREAM.text.split("\n\n")) == len(DREAM.scenes)
    assert "\n" not in DREAM.text.replace("\n\n", "")


def test_render_is_a_function_however_often_it_is_used() -> None:
    assert DREAM.text  # imports dreamgen.render, the module
    assert callable(dreamgen.render)
    assert dreamgen.render(DREAM) == DREAM.text


def test_a_printed_dream_is_wrapped() -> None:
    assert max(map(len, str(DREAM).splitlines())) <= 80
    assert str(DREAM).split() == DREAM.text.split()


def test_markdown_sets_the_awakening_apart() -> None:
    text = render(DREAM, "markdown")
    assert text.startswith("*I am dreaming.*")
    before, after = text.split("\n\n---\n\n")
    assert tail(LINES[0]) in before
    assert tail(LINES[-1]) in after
    assert "\n\n\n" not in text


def test_html_is_a_whole_page() -> None:
    source = render(DREAM, "html")
    page = Page(source)
    assert page.open == []
    assert page.tags.count("p") == len(DREAM.scenes)
    assert source.startswith("<!doctype html>")
    for wanted in ('name="viewport"', "prefers-color-scheme: dark", 'lang="en"', 'charset="utf-8"'):
        assert wanted in source


def test_html_escapes_what_a_sentence_says() -> None:
    source = render(edited("I see <b>fire</b> & <script>ash</script>."), "html")
    assert "&lt;b&gt;fire&lt;/b&gt; &amp; &lt;script&gt;" in source
    assert "<b>" not in source
    assert "<script>" not in source


def test_html_escapes_the_seed() -> None:
    dream = dreamgen.generate(seed="<i>&")
    source = render(dream, "html")
    assert "&lt;i&gt;&amp;" in source
    assert "<i>" not in source


def test_text_and_markdown_do_not_escape() -> None:
    for name in ("text", "markdown"):
        assert "<b>fire</b> & ash" in render(edited("I see <b>fire</b> & ash."), name)


def test_a_template_is_a_path_or_a_source(tmp_path: Path) -> None:
    source = "{{ dream.arc }} in {{ paragraphs | length }}\n"
    path = tmp_path / "own.j2"
    path.write_text(source, "utf-8")
    told = f"{DREAM.arc} in {len(DREAM.scenes)}"
    assert render(DREAM, source) == told
    assert render(DREAM, path) == told
    assert render(DREAM, str(path)) == told
    path.write_text("{{ dream.seed }}", "utf-8")
    assert render(DREAM, path) == "7"


def test_a_template_may_include_those_beside_it_and_no_others(tmp_path: Path) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "secret.txt").write_text("secret", "utf-8")
    (tmp_path / "inner" / "part.j2").write_text("a part", "utf-8")
    own = tmp_path / "inner" / "own.j2"
    own.write_text("{% include 'part.j2' %}", "utf-8")
    assert render(DREAM, own) == "a part"
    for name in ("../secret.txt", str(tmp_path / "secret.txt"), "nowhere.j2"):
        own.write_text(f"{{% include {name!r} %}}", "utf-8")
        with pytest.raises(TemplateError):
            render(DREAM, own)


def test_a_name_that_is_not_there_is_an_error_with_template_and_line(tmp_path: Path) -> None:
    path = tmp_path / "own.j2"
    path.write_text("one\ntwo\n{{ drem.arc }}\n", "utf-8")
    with pytest.raises(TemplateError, match=r"own\.j2, line 3: .*drem"):
        render(DREAM, path)
    with pytest.raises(TemplateError, match=r"line 2: .*colour"):
        render(DREAM, "{{ dream.arc }}\n{{ dream.colour }}")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        ("a\n{% if %}", 2),
        ("{{ dream.arc", 1),
        ("a\nb\n{{ 1 // 0 }}", 3),
        ("a\n{{ dream | nothing }}", 2),
        ("a\n{{ choose() }}", 2),
    ],
)
def test_any_failure_of_a_template_names_its_line(source: str, line: int) -> None:
    with pytest.raises(TemplateError, match=f"line {line}: "):
        render(DREAM, source)


@pytest.mark.parametrize(
    "trick",
    [
        "{{ dream.__class__.__mro__ }}",
        "{{ ''.__class__.__base__.__subclasses__() }}",
        "{{ dream.lines.__globals__ }}",
        "{{ choose.__globals__['__builtins__'] }}",
        "{{ dream | attr('__class__') }}",
        "{{ '{0.__class__}'.format(dream) }}",
        "{{ range(999999999) | list }}",
        "{{ paragraphs.append('more') }}{{ dream.__dict__ }}",
    ],
)
def test_the_sandbox_refuses_tricks(trick: str) -> None:
    with pytest.raises(TemplateError):
        render(DREAM, trick)


def test_a_template_cannot_change_a_dream() -> None:
    before = DREAM.to_json()
    for source in (
        "{% set _ = dream.scenes[0].__setattr__('place', 'x') %}",
        "{% set dream = 3 %}{{ dream }}",
        "{{ paragraphs[0].clear() }}",
    ):
        try:
            render(DREAM, source)
        except TemplateError:
            continue
    assert DREAM.to_json() == before


def test_random_is_gone() -> None:
    with pytest.raises(TemplateError, match="random"):
        render(DREAM, "{{ [1, 2] | random }}")


def test_choose_is_drawn_from_the_dreams_own_stream() -> None:
    source = "{% for _ in range(40) %}{{ choose('a', 'b', 'c') }}{% endfor %}"
    first = render(DREAM, source)
    assert first == render(DREAM, source) == render(dreamgen.generate(seed=7), source)
    assert set(first) == {"a", "b", "c"}
    assert first != render(dreamgen.generate(seed=8), source)
    second = list(dreamgen.generate_many(2, seed=7))[1]
    assert first != render(second, source)


@pytest.mark.parametrize("name", ["nowhere.j2", "txt", ""])
def test_a_template_that_is_not_there_is_an_error_with_the_choices(name: str) -> None:
    with pytest.raises(TemplateError, match="text, markdown, html"):
        render(DREAM, name)


def test_a_template_that_is_not_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "own.j2"
    path.write_bytes(b"\xff\xfe{{ dream }}")
    with pytest.raises(TemplateError, match="UTF-8"):
        render(DREAM, path)
