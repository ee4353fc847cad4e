"""What leaves the server: fetching from addresses that others chose, and a durable queue of what is sent.

`fetch` reaches the public network and nothing behind it. The queue stands in the database, and a thread of each worker
empties it.

What is queued stands in the transaction of the act that it tells of, so it is there if and only if the act is, and a
restart loses none. It holds ids and short names; whoever sends it looks up the rest then. What is sent, and by which
channel, is its owner's business (`notices` for letters to people): here is when, how often, and in whose turn.
"""
