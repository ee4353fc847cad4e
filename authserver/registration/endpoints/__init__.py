"""The endpoint at which clients register themselves, in a file of its own."""
