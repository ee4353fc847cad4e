"""The browser's steps: signing in, the second factor, approving a payment, consent, signing out.

Each step finds its interaction, does its own thing and sends the browser back to `/authorize/continue`, where
`authorization` decides what comes next; consent, the last of them, has it answer the app at once. Steps never name one
another. Apart from `authorization`, which knows nothing
of pages, and from `selfservice`, whose pages belong to no request.
"""
