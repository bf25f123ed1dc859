def labelled(d): return d
