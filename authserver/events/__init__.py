"""What happened, told once: each kind of event in one `catalogue`, each event one value of `model`.

A kind says how its line in the log is named, whether someone should look at once, and what its person reads of it. It
stands low, so that everything that acts can tell of it.
"""
