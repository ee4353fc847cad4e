"""Recovery codes, each of which stands in once for what was lost."""
