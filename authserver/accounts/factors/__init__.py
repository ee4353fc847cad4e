"""What a person proves themselves by: one folder for each factor, with its rules, its acts and its table.

Beside the folders: what a person has of them all (`store`), and taking them away (`changes`). Which session a proof
makes is decided in `sessions`; the pages are in `interaction` and `selfservice`.
"""
