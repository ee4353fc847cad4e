"""Acts of operators: each is a plain value (`acts`), done by `perform`, for every way by which it is asked for.

The command line calls them; whatever else operators will use calls them too. An act is checked, done, recorded and told
here, in one transaction; a refusal is a typed error (`refusals`) that the caller puts into words. `lookups` is what
operators look at. The package stands above the slices whose rows it changes, and holds no SQL of its own.
"""
