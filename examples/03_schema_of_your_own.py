"""A scene with a field of one's own: what it must say, and whose sentences lend it their form.

A field is one sentence. Its rules stand in `Annotated[...]`; they steer the sentence while it is
drawn and judge it when somebody has edited it. `From` names the roles of the corpus whose sentence
forms the field borrows. Every other field keeps the text that it has without the new one.

    python examples/03_schema_of_your_own.py
"""

import json
from typing import Annotated

import dreamgen
from dreamgen import Avoids, Dreamer, Mentions, Setting, Words
from dreamgen.schema import From, Line


class Weather(Setting):
    """A setting that also tells of what falls from the sky."""

    sky: (
        Annotated[
            Line,
            From("setting.air", "setting.view"),
            Words(6, 24),
            Mentions("sky", "light", least=1),
            Avoids("jasmine"),
        ]
        | None
    ) = None


dreamer = Dreamer(schema=Weather)
for seed in range(3):
    print(dreamer.generate(seed=seed).scenes[0].sky)
print()

# The new field has a stream of its own, so the dream around it is the one that it was.
mine, plain = dict(dreamer.generate(seed=7).lines()), dict(dreamgen.generate(seed=7).lines())
print("added:", sorted(mine.keys() - plain.keys()))
print("others unchanged:", all(mine[path] == line for path, line in plain.items()))
print()

# The same rules judge what a person writes.
edited = json.loads(dreamer.generate(seed=7).to_json())
edited["scenes"][0]["sky"] = "Jasmine falls out of a sky that nobody owns."
try:
    dreamer.schema.model_validate(edited, context=dreamer.model)
except ValueError as error:
    print(error)
