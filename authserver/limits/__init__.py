"""How often may be asked: limits for pages and machine endpoints, and where their counts are kept.

Apart from `web`, because a limit knows callers and windows, and no form or page. Endpoints and pages are given their
limits by the composition root.
"""
