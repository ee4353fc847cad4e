"""Texts of ours for people, marked where they are written and translated where they are shown.

Pure, and below everything: rules may name what a person will read without knowing of pages or languages.
"""

from typing import Final

ENGLISH: Final = "en"
LANGUAGES: Final = (ENGLISH, "de", "fr")
"""What pages speak, as BCP 47 tags; the first is the language that the texts in the code are written in."""


class Message(str):
    """A text of ours: a message id of the catalogues, which pages translate.

    A type of its own, since the catalogues' messages are trusted as markup, and what a person or an app wrote never is.
    """

    __slots__ = ()
