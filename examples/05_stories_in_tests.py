"""Stories in tests: long, believable, and the same on every machine and in every run.

The functions below are what a test module holds; pytest runs them as they are. The script itself
needs no pytest.

    python examples/05_stories_in_tests.py
    python -m pytest examples/05_stories_in_tests.py
"""

import json

import dreamgen


def excerpt(text: str, most: int) -> str:
    """The code under test: the first words of a text, cut at a space."""
    if len(text) <= most:
        return text
    return text[: most + 1].rsplit(None, 1)[0] + "…"


def story(name: str, **request: object) -> dreamgen.Dream:
    """A story that belongs to a name, such as that of the test that asks for it.

    In a project of one's own this is a fixture in `conftest.py`:

        @pytest.fixture
        def story(request):
            return dreamgen.generate(seed=request.node.nodeid)
    """
    return dreamgen.generate(seed=name, **request)


def test_a_name_has_one_story() -> None:
    assert story("a post") == story("a post")
    assert story("a post").text != story("another post").text


def test_an_excerpt_is_a_beginning_that_ends_at_a_word() -> None:
    text = story("a long post", words=(300, 400)).text
    cut = excerpt(text, 120)
    assert len(cut) <= 121
    assert text.startswith(cut.removesuffix("…"))
    assert text[len(cut) - 1].isspace()


def test_a_short_text_is_its_own_excerpt() -> None:
    assert excerpt("I am dreaming.", 120) == "I am dreaming."


def test_every_post_of_a_page_is_different() -> None:
    posts = [dream.text for dream in dreamgen.generate_many(20, seed="page", words=(80, 120))]
    assert len(set(posts)) == 20


def test_the_tenth_post_can_be_asked_for_alone() -> None:
    *_, tenth = dreamgen.generate_many(10, seed="page", words=(80, 120))
    [alone] = dreamgen.generate_many(1, seed="page", start=9, words=(80, 120))
    assert alone == tenth


def test_a_story_survives_the_database() -> None:
    kept = json.dumps(json.loads(story("a row").to_json()))
    assert dreamgen.Dream.model_validate_json(kept) == story("a row")


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"held: {name.removeprefix('test_').replace('_', ' ')}")
    print()
    print(excerpt(story("a post").text, 240))
