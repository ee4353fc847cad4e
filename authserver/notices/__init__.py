"""Telling a person what happened to their account: by email, or into a folder or a log where there is none yet.

A notice is told after the act is durable and never makes it wait: `outbox` hands it to one background thread, which
sends it by one of the `channels`. `words` turns it into a letter that holds no secret.
"""
