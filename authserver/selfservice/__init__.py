"""A person's own account: how they sign in, where, which apps may see what, and what happened.

Its pages stand behind `account_page`, which leads to the sign-in of `interaction` by a request of our own: there is one
way to sign in, and one set of rules about it. Every thing is looked up together with the account it belongs to.
"""
