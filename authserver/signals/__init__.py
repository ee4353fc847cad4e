"""What apps are told without having asked: that a person's session has ended.

The queue of what is to be told is emptied by `outbound`'s dispatcher; `sessions` fills it where sessions end. `logout`
makes the token and says it; `store` holds the rows. Streams of security events have their place here too.
"""
