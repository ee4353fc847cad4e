"""HTTP as browsers speak it: pages from templates, in each language, with their cookies, form tokens and files.

What every page shares. The pages themselves stand in their slices (`interaction.pages`, `selfservice.pages`); Flask is
met here and there alone.
"""
