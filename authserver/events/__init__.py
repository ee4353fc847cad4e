"""What happened, told once: each kind of event in one `catalogue`, each event one value of `model`.

A kind says who is told of it, in which words, and whether someone should look at once. An event that changed something
is a row (`store`), written in the transaction or statement of the act itself; the line in the log, a person's activity
page and the letter to them are made from it. `journal` is what acts tell. The package stands low, so that everything
that acts can tell of it; it knows no pages and sends nothing.
"""
