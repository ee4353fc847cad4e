"""What leaves the server by itself: a queue in the database, and the thread of each worker that empties it.

What is queued stands in the transaction of the act that it tells of, so it is there if and only if the act is, and a
restart loses none. It holds ids and short names; whoever sends it looks up the rest then. What is sent, and by which
channel, is its owner's business (`notices` for letters to people): here is when, how often, and in whose turn.
"""
