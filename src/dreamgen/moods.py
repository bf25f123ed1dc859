"""Moods: the words that a mood draws nearer, and the colours that go with it.

The chain of the documents leans to the words that these say (`leaning`); the book has other words,
and its readings lean to those (`shades`), little in the setting and most in the revelation.
"""

from collections.abc import Mapping
from functools import cache

from .rules import Leans
from .text import stem

_WORDS = {
    "hope": "hope hopes promise dawn gold golden radiant bright new beginnings light glow renewal "
    "courage strength rose blooming butterflies resilience healing",
    "sadness": "sadness sorrow sorrows grief tears tear loss loneliness anguish pain rain indigo "
    "shadows heartache despair darkness distant storm silent",
    "love": "love heart hearts rose tender warm warmth embrace touch compassion bond together "
    "gentle trust soul souls smile hand",
    "fear": "fear fears storm tempest vortex shadows darkness trembling jagged midnight thunder "
    "crisis distress despair destruction threatening silver",
    "wonder": "wonder stars galaxies cosmos infinite celestial ethereal otherworldly vast "
    "kaleidoscope silver twinkling universe boundless ancient iridescent creation",
    "peace": "peace soft gentle serene lullaby meadow calming still quiet breeze lake languid "
    "emerald drizzle soothes melody harmony sanctuary",
}
STRENGTH = 4.0


def leaning(mood: str) -> Leans:
    """The rule that a mood lays on every sentence: its words are drawn more readily.

    >>> leaning("peace").holds("Anything.")
    True
    """
    return Leans(**dict.fromkeys(_WORDS[mood].split(), STRENGTH))


# By what the readings of the book with a word of the mood are multiplied, scene by scene.
CURVE = {"setting": 2, "encounter": 3, "revelation": 5, "awakening": 4}

_SHADES = {
    "hope": "gold golden yellow honey bright brightness morning dawn daybreak sunrise sun sunny "
    "light lit new young seed bud spring green open opens opening begin begins beginning start "
    "first rise rises raise lift lifts climb climbs ready soon tomorrow promise bloom blossom glow "
    "glows warm april bread laugh hello",
    "sadness": "indigo gray blue rain fog mist wet drip drips tear tears sob weep weeps lost last "
    "late gone missing empty bare alone lone lonely silent silence slow heavy faint fade fades "
    "faded worn dusk ash dust cold sigh farewell never autumn november evening orphan shadow",
    "love": "rose red pink scarlet warm warmth heart hold holds held hand hands palm share shares "
    "shared both together pair close near kiss cheek embrace arm arms lap cradle dear kind kindly "
    "soft softly sweet honey bread milk mother friend ring wedding beat beats pulse",
    "fear": "black dark darkness silver night midnight shadow deep cold ice iron sharp knife blade "
    "teeth tooth crack cracks cracked break breaks locked lock bolt shut narrow hard hush "
    "stiff tremble trembles trembling shiver shake shakes alarm storm thunder hunted hide hides "
    "hidden blind empty edge wire sudden fear afraid",
    "wonder": "violet silver star stars moon moons glass crystal pearl sparkle spark sparks "
    "glitter glitters gleam gleams shine shines glow glows float floats fly flies wing wings huge "
    "enormous tiny thousand strange marvel sky comet planet whale music sing sings singing unfold "
    "unfolds dream world secret",
    "peace": "emerald green blue soft softly smooth quiet calm slow slowly gentle easy even "
    "evenly level steady rest rests sleep sleeps asleep breath breathe breathes breathing moss "
    "grass meadow lake pond cool shade evening lap lie lies settle settles sink lull hum hums tea "
    "wool blanket pillow patient",
}


@cache
def shades(mood: str, scene: str) -> Mapping[str, int]:
    """By stems, what the weight of a reading with such a word is multiplied by in a scene.

    >>> shades("hope", "revelation")[stem("golden")], "indigo" in shades("hope", "setting")
    (5, False)
    """
    return dict.fromkeys(map(stem, _SHADES[mood].split()), CURVE[scene])
