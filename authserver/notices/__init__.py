"""Telling a person what happened to their account: by email, or into a folder or a log where there is none yet.

A notice is queued in the transaction of the act (`delivery`, by way of `outbound`), so that no act is without its
letter; a thread of some worker sends it later by one of the `channels`. `words` turns it into a letter that
holds no secret.
"""
