"""Rich authorization requests: what may be asked in detail, type by type, and what each type means.

A type is data: its shape, the acr it needs, the words a person reads, how less of it can be asked for. `parse` reads
what came from outside into canonical values; `registry` is the list of types. All of it is pure.
"""
