"""What a bank adds: whose accounts there are and the choice among them, and payments that a person approved.

Of each payment it keeps the text shown, the challenge signed and the proof, so that anyone can check it later. All but
`store` is pure, and `verify` needs neither this server nor its database. Apart from `grants`, which records what an app
may do: an approval is evidence of what a person saw and signed, and outlives the grant that came of it.
"""
