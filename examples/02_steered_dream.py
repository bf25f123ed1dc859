"""Steering: words that must come, words that must not, an arc, a pronoun, a mood, a length.

python examples/02_steered_dream.py
"""

import dreamgen

dream = dreamgen.generate(
    seed=11,
    arc="companion",
    mention=["moth", "waterfall"],
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

# The same seed under each mood: the words that go with the mood are drawn more readily.
for mood in ("fear", "hope", "wonder"):
    told = dreamgen.generate(seed=11, mood=mood, words=(80, 140))
    path, line = next(told.lines())
    print(f"{mood}, {path}:\n    {line}")
print()

# What cannot be met is refused, with the rules that conflict and a way out.
for request in ({"mention": ["submarine"]}, {"mention": ["moths"], "avoid": ["moth"]}):
    try:
        dreamgen.generate(seed=11, **request)
    except dreamgen.Unsatisfiable as error:
        print(f"refused: {error}")
