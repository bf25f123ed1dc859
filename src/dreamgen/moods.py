"""Moods: the words that a mood draws nearer, and the colour that goes with it."""

from .rules import Leans

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
