"""What is settled before anything is read: scenes, voices, facts, and where the data are."""

from dataclasses import dataclass
from pathlib import Path

DATA = Path(__file__).parent / "data"

VOICES = ("they", "she", "he")
SCENES = ("setting", "encounter", "revelation", "awakening")


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
