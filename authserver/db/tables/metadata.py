"""What holds every table of the schema, once the modules that describe them are imported: see `schema`."""

from typing import Final

from sqlalchemy import MetaData

metadata: Final = MetaData()
