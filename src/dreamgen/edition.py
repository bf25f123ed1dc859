"""The name of everything that a text hangs on beside its seed and its request."""

import hashlib

from .model import Model
from .schema import Dream, fields_digest
from .shapes import data_digest, made_for

# Raised by one whenever a change alters any text that a seed gives.
ALGORITHM = 3


def edition_of(model: Model, schema: type[Dream] = Dream) -> str:
    """The edition of a model and a schema: algorithm, corpus, settings and fields.

    The same edition, seed, index and request give the same dream for ever.
    """
    settings = repr((made_for(model.corpus.digest, model.run, model.order), data_digest()))
    named = hashlib.blake2b(settings.encode(), digest_size=4).hexdigest()
    digest = fields_digest(schema)
    own = "" if digest == fields_digest(Dream) else f"+{digest}"
    return f"{ALGORITHM}.{model.corpus.digest}.{named}{own}"
