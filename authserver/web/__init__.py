"""Plumbing between HTTP and the rules: request and response values, forms, evidence, errors, headers, cookies, limits.

Holds no rule of any specification but how its messages are carried.
"""
