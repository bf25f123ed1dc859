"""Makes the data that ship with the package: ``python -m dreamgen.make`` (about two minutes).

The weights of the shapes of every field in every voice, and the motifs, for the bundled corpus.
The result is a function of the corpus, its labels and the settings in `dreamgen.shapes`; a test
checks that the file is fresh.
"""

import json
import sys
from pathlib import Path

from .corpus import VOICES
from .files import replacing
from .model import bundled_model
from .schema import Dream, scenes_of, slots
from .shapes import forget, measured_motifs, stored_data, written


def main() -> None:
    """Writes ``data/shapes.json`` beside this module."""
    path = Path(__file__).parent / "data" / "shapes.json"
    model = bundled_model()
    fields = [slot for scene in scenes_of(Dream) for slot in slots(scene)]
    data = stored_data(fields, VOICES, model)
    _write(path, data | {"motifs": {}})
    forget()  # the motifs are measured with the weights just written
    motifs = {voice: measured_motifs(fields, voice, model) for voice in VOICES}
    data["motifs"] = {
        voice: {
            word: [[name, *written(shape)] for name, shape in places]
            for word, places in words.items()
        }
        for voice, words in motifs.items()
    }
    _write(path, data)
    sys.stdout.write(f"{path}: {len(data['fields'])} fields, {path.stat().st_size:,} bytes\n")


def _write(path: Path, data: object) -> None:
    with replacing(path) as file:
        json.dump(data, file, ensure_ascii=False, separators=(",", ":"))
        file.write("\n")


if __name__ == "__main__":
    main()
