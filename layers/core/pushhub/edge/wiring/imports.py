"""Which settings has every step of an import?"""

from pushhub.edge.settings import Setting, Settings, at_least, not_empty


class ImportsSettings(Settings):
    """Where jobs are remembered and for how many days, and where files lie.

    A job may run for 7 days; it is remembered for longer.
    """

    ledger_table = Setting("LEDGER_TABLE", not_empty)
    retention_days = Setting("IMPORT_RETENTION_DAYS", at_least(8))
    bucket = Setting("IMPORTS_BUCKET", not_empty)
