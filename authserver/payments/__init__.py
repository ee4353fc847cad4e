"""Payments a person approved, so that anyone can check it later: the text shown, the challenge signed, the proof.

All but `store` is pure, and `verify` needs neither this server nor its database. Apart from `grants`, which records
what an app may do: an approval is evidence of what a person saw and signed, and outlives the grant that came of it.
"""
