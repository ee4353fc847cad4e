"""The demo's sample third-party app: a budget planner that a person connects to the bank, and what it says as a client.

It plays the client with a small client of its own (`client`), written on urllib3, joserfc and the standard library.
Authlib's Flask client was looked at first: it knows no pushed requests, sends no client certificate, chooses no
`mtls_endpoint_aliases`, makes no DPoP proofs and checks no `iss` in the answer, which together is most of what there is
to show. No code of the server speaks the protocol here: an error shared by both sides would cancel itself out. Only the
look is shared: pages are rendered by `web`, in the server's stylesheet and under the same content policy. No docstring
here cites a clause: those of the matrix bind the server.
"""
