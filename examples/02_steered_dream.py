"""Steering: words that must come, words that must not, an arc, a pronoun, a mood, a length.

python examples/02_steered_dream.py
"""

import dreamgen

dream = dreamgen.generate(
    seed=11,
    arc="companion",
    mention=["moth", "lake"],
    avoid=["tapestry", "despair"],
    pronoun="she",
    mood="peace",
    words=(180, 260),
)
print(dream)
print()
print(f"{len(dream.text.split())} words, arc {dream.arc}, pronoun {dream.cast.pronoun}")
print(f"moths: {'moth' in dream.text.lower()}, tapestries: {'tapestr' in dream.text.lower()}")
print()

# One seed under three moods: the words that go with a mood are drawn more readily.
moods = ("fear", "hope", "wonder")
told = [dict(dreamgen.generate(seed=11, mood=mood).lines()) for mood in moods]
shared = [path for path in told[0] if len({lines.get(path, "") for lines in told}) == len(moods)]
for path in shared[:2]:
    print(path)
    for mood, lines in zip(moods, told, strict=True):
        print(f"    {mood}: {lines.get(path, 'not told')}")
print()

# What cannot be met is refused, with the rules that conflict and a way out.
for request in ({"mention": ["submarine"]}, {"mention": ["moths"], "avoid": ["moth"]}):
    try:
        dreamgen.generate(seed=11, **request)
    except dreamgen.Unsatisfiable as error:
        print(f"refused: {error}")
