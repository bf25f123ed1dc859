"""A corpus of one's own: five short dreams, written for this example, and a sixth made of them.

No labels are needed. Each document is cut into scenes, and every sentence finds its role, by what
the bundled documents teach. `Corpus.from_files("a-folder")` reads text files in the same way.

What helps a small corpus most: common words that come back in other company ("the smell of", "full
of", "in my hands"), so that a sentence can leave one line and go on in another.

    python examples/04_corpus_of_your_own.py
"""

from dreamgen import Corpus, Dreamer

TRAIN = """
I am in a night train, and the windows are full of snow. The seats are made of moss, soft and
green, with lamps of honey above them. The air is warm with the smell of bread and the slow breath
of the engine. The floor is soft beneath my feet, like the back of a sleeping animal. The hours
move with the patience of a river under the ice.

In the corridor, I meet a stranger with a lantern in their hands. As I come closer, the light of
the lantern shows a face, old and kind, with the sea in their eyes. Their coat is heavy with rain
and full of keys. We walk together through the quiet carriages, and the snow walks beside us.

They speak of a house by the sea, and of a door in the snow that was never closed. Their voice is
low and warm, like the sound of a bell under the water. I listen with my hands on the cold glass of
the window. I tell them of the garden in my own house, and of the river behind it. Each word is a
stone in the river, and the river carries it to the sea.

The snow begins to fade, and the light of the morning fills the windows. The stranger leaves a
small key in my hands, warm as bread. I wake with the smell of snow in my hair and the sound of the
engine in the quiet room.
"""

HARBOUR = """
I am in a harbour at the end of the night, and the boats are full of letters. The masts are tall,
made of silver and the hair of the moon. The air is cold with the smell of salt and the song of the
sleeping boats. The stones are wet beneath my feet, like the scales of an old fish. The tide moves
with the slow breath of a sleeping animal.

On the pier, I meet a sailor with a basket of pears in the rain. As I come closer, the light of the
moon shows a face, young and tired, with the snow in their hair. Their hands are cold with salt and
full of rope. We walk together along the quiet water, and the gulls walk behind us.

Slowly they tell me of a sister in the mountains, and of a letter in the sea that was never opened.
Their voice is deep and slow, like the song of a river under the ice. I listen with my feet in the
cold water of the harbour. I tell them of the letter in my own coat, and of the house behind the
wall. Each wave is a letter in the night, and the night carries it to the door.

The masts begin to fade, and the song of the gulls fills the harbour. The sailor leaves a golden
pear in my coat, cold as rain. I wake with the taste of salt in my mouth and the song of the water
in the dark room.
"""

ORCHARD = """
I am in an orchard under the snow, and the branches are full of lamps. The trees are old, made of
glass and the light of the moon. The air is sweet with the smell of smoke and the slow song of the
bees. The grass is warm beneath my feet, like the breath of a sleeping child. The snow falls with
the patience of a letter at the end of the night.

Under the trees, I meet a gardener with a silver spade in the snow. As I come closer, the lamps of
the orchard show a face, calm and old, with the moon in their hair. Their coat is full of seeds and
the smell of smoke. We walk together under the sleeping trees, and the bees fly beside us.

In a low voice, they tell me of a garden by the river, and of a tree in the garden that was never
planted. Their voice is soft and old, like the breath of the snow in the branches. I listen with my
back to the warm wall of the garden. I tell them of the apples in my own hands, and of the child
behind the door. Each seed is a word in the snow, and the snow keeps it under the stones.

The trees begin to fade, and the smell of the bread fills the orchard. The gardener leaves a green
seed in my mouth, sweet as smoke. I wake with the light of the apples in my eyes and the smell of
smoke in the cold room.
"""

LIBRARY = """
I am in a library beneath the sea, and the shelves are full of shells. The books are blue, made of
water and the songs of old boats. The air is green with the smell of paper and the slow light of
the water. The sand is cold beneath my feet, like the pages of a sleeping book. The fish move with
the patience of the moon above the harbour.

Between the shelves, I meet a reader with a paper crown in their hair. As I come closer, the light
of the water shows a face, strange and young, with a lamp in their mouth. Their hands are full of
ink and the scales of a fish. We walk together along the blue shelves, and the fish swim behind us.

They remember a book by the window, and a page in the book that was never written. Their voice is
clear and cold, like the light of the moon in the glass. I listen with my hands in the slow water
of the library. I tell them of the page in my own mouth, and of the song behind the snow. Each page
is a door in the water, and the water opens it in the night.

The books begin to fade, and the sound of the waves fills the shelves. The reader leaves a white
shell in my hair, quiet as snow. I wake with the sound of the sea in my hands and the light of the
pages in the grey room.
"""

HILL = """
I am on a hill above the clouds, and the fields are full of kites. The gates are high, made of
paper and the hands of the wind. The air is thin with the smell of rain and the song of the old
wind. The earth is dark beneath my feet, like the bread of a quiet house. The clouds move with the
slow patience of the boats in the rain.

By the gate, I meet a child with a red kite in the wind. As I come closer, the song of the kite
shows a face, bright and strange, with the rain in their hands. Their coat is cold with wind and
full of letters. We walk together along the stone wall, and the clouds walk beside us.

With the wind in their voice, they sing of a village by the clouds, and of a song in the wind that
was never sung. Their voice is high and clear, like the smell of the rain in the garden. I listen
with my eyes on the red kite of the child. I tell them of the snow in my own village, and of the
lamp behind the window. Each kite is a road in the clouds, and the wind carries it to the moon.

The clouds begin to fade, and the light of the kites fills the village. The child leaves a long
thread in my hands, red as morning. I wake with the song of the wind in my hair and the breath of
the clouds in the small room.
"""

texts = {"train": TRAIN, "harbour": HARBOUR, "orchard": ORCHARD, "library": LIBRARY, "hill": HILL}
corpus = Corpus.from_texts(texts.items())
print(corpus.report())
print()

dreamer = Dreamer(corpus)
dream = dreamer.generate(seed=7, words=(80, 200))
print(dream)
print()

# Where the words of the first sentence come from.
first = dream.sources(dreamer.model)[0]
print(first.sentence)
for span in first.spans:
    print(f"    {span.document}, sentence {span.sentence}: {span.text}")
