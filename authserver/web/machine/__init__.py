"""HTTP as programs speak it: request and response values, the router, forms, evidence, certificates, errors as JSON.

Plain values and functions without Flask, which the endpoints of all slices use; `web.pages` is the browser's half.
"""
