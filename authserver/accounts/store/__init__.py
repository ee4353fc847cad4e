"""The tables of the people: accounts and what they prove themselves with, and how often they may try."""
