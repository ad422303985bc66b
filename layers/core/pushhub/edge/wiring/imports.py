"""Which settings has every step of an import?"""

from pydantic import Field

from pushhub.edge.settings import Settings


class ImportsSettings(Settings):
    """Where jobs are remembered and for how many days, and where files lie.

    A job may run for 7 days; it is remembered for longer.
    """

    ledger_table: str = Field(alias="LEDGER_TABLE", min_length=1)
    retention_days: int = Field(alias="IMPORT_RETENTION_DAYS", ge=8)
    bucket: str = Field(alias="IMPORTS_BUCKET", min_length=1)
