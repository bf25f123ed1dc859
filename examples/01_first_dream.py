"""A first dream: one call, and the seed that brings it back.

python examples/01_first_dream.py
"""

import dreamgen

dream = dreamgen.generate(seed=7)
print(dream)
print()

print(f"Arc: {dream.arc}. Figure: {dream.cast.figure} ({dream.cast.pronoun}).")
for scene in dream.scenes:
    print(f"  {scene.kind}: {', '.join(name for name, _ in scene.lines())}")
for motif in dream.motifs:
    print(f"  {motif.word!r} returns: {' and '.join(motif.paths)}")
print()

# Without a seed every dream is new, and it remembers the seed that it was given.
new = dreamgen.generate()
again = dreamgen.generate(seed=new.seed)
print(f"A new dream has seed {new.seed}, and the seed brings it back: {again == new}.")
