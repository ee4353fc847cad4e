"""`authserver demo --check`: every story of the demo, driven end to end without a person.

A browser of its own walks the pages and the sample app's client speaks the protocol, all over HTTPS against the running
servers; nothing of the server's code takes part. Apart from the tests, because an operator runs it too.
"""
