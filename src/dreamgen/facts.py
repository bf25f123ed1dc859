"""What is settled before anything is read: names, bounds, facts, and where the data are.

The command reads it before it knows whether it needs the engine, so it imports nothing of ours.
"""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"

VOICES = ("they", "she", "he")
SCENES = ("setting", "encounter", "revelation", "awakening")
ARCS = ("vulnerability", "companion", "reciprocity", "circle", "unity")
MOODS = ("hope", "sadness", "love", "fear", "wonder", "peace")

# The longest run of tokens that a sentence may share with the documents, or a corpus of plain text.
RUN = 5


@dataclass(frozen=True)
class Facts:
    """What holds throughout a document of the book; "" where nothing is known.

    ``thing`` is the noun of the small thing that stands in the setting and comes back.
    """

    title: str = ""
    world: str = ""
    pronoun: str = ""
    figure: str = ""
    hour: str = ""
    mood: str = ""
    thing: str = ""


NOTHING = Facts()
