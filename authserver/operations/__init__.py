"""Acts of operators that reach over several slices, each whole in one place for every way by which it is asked for.

The command line calls them. They stand above the slices whose rows they end, and hold no SQL of their own.
"""
