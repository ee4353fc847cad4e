"""What a deployment demands of itself and of its clients, as data.

A profile is a frozen value whose fields carry their clause; code asks the field, never the profile's name.
"""
