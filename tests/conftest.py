"""Settings that every test shares.

No property test has a deadline: how long an example takes is a fact of the machine. CI draws the
same examples every time, so that a red run means a change in the code.
"""

import os

from hypothesis import settings

settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True, database=None, print_blob=True)
settings.load_profile(
    os.environ.get("HYPOTHESIS_PROFILE", "ci" if os.environ.get("CI") else "here")
)
