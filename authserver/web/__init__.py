"""HTTP itself, apart from any rule: `machine` for programs, `pages` for people, and what both share.

Shared are the headers of every answer, the correlation id, the log line of a request, and the health checks. Holds no
rule of any specification but how its messages are carried.
"""
