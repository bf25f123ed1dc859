"""A book of your own: dreams with margins, one file each, and new dreams told from them.

python examples/06_book_of_your_own.py
"""

from pathlib import Path
from tempfile import TemporaryDirectory

from dreamgen import Corpus, Dreamer

DREAM = """\
title: The Borrowed Window
world: attic
arc: unity
pronoun: they
figure: stranger
hour: dusk
mood: wonder
thing: thimble

[setting]
place: I climb into an attic where the rain is kept in jars.
~ climb into = unlock / am shown into / lean into; the rain = last summer / the thunder / old snow
air: The air smells of apples and string, and a clock is ticking under a sheet.
~ apples and string = cedar and dust / candle ends / wet slate; a clock is ticking = someone hums
thing: On the sill stands a thimble full of evening.
~ on the sill = beside the trunk / under the beam; full of evening = with a crack of light in it
communion: We who live under roofs are one long sleep with many pillows.
~ under roofs = close to gutters / below the swifts; with many pillows = turned over together

[encounter]
figure: A stranger with a ladder on one arm is counting the rafters.
~ a ladder on one arm = a broom for a cane / chalk on both cuffs; the rafters = the dark / steps
bond: The stranger hands me the end of a tape, and the roof gives a sigh between us.
~ the end of a tape = a cold doorknob / half a pear; gives a sigh = lifts a little / begins to hum

[encounter]
journey: One slate slides away, and we are poured through it into a harbor of umbrellas.
~ one slate = a knot / the skylight; we are poured = I am sent; a harbor of umbrellas = a red desert
presence: Here the fish keep watch in pairs and nobody has ever shut a door.
~ keep watch in pairs = sing to the masts / mend the nets; shut a door = been late / lost a glove

[revelation]
vision: I see the stars let down like buckets and drawn up full of morning.
~ like buckets = on plain string / one by one; drawn up = carried off / handed back; morning = bread
changed: The thimble has become a well, and a whole flock drinks from it.
~ has become a well = has no floor now / holds the weather; a whole flock = each bell / a king
truth: I understand that what is small has only been folded with care.
~ what is small = a small thing / the least of us; folded with care = put by for later / well packed

[awakening]
fading: The attic closes like a hand around a warm coin.
~ the attic closes = all of it shuts / the dusk folds; a warm coin = a sparrow / the last match
return_: I wake under my own roof, and the gutter is saying one word over.
~ under my own roof = with dust on my palms / ahead of the street; one word over = my name
gift: On my finger there is a thimble that I never bought.
~ on my finger = among my keys / in my shoe; that I never bought = with rain in it / still ringing
lesson: Whoever looks up long enough has already begun to climb.
~ looks up long enough = keeps one window clean; has already begun to climb = is never far from home
"""

with TemporaryDirectory() as folder:
    Path(folder, "one.dream").write_text(DREAM, "utf-8")
    dreamer = Dreamer(Corpus.from_files(folder))

print(dreamer.report())
for dream in dreamer.generate_many(2, seed="attic", arc="unity", words=(80, 300)):
    print(dream)
    print()
