"""The composition root: the one place that builds endpoints and pages, from settings and from one another's parts."""
