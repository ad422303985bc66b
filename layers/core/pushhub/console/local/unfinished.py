"""Who sees to imports that the last stop of the hub cut short?

The sweeps of the template would, but a schedule of ministack begins anew with each start: a hub that runs for minutes at a time has
none.
"""

import json
from typing import Final

from pushhub.console.connection import Connection
from pushhub.console.local.routes import ProcessedTemplate
from pushhub.store.imports import DynamoImports

_SWEEP: Final = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def sweep_unfinished(connection: Connection, template: ProcessedTemplate, ledger: str) -> None:
    """Where an import has not ended, do at once what schedules would do later.

    Args:
        connection: a way to the engine.
        template: of the deployed stack.
        ledger: name of the Ledger table.
    """
    if not DynamoImports(connection.client("dynamodb"), ledger).running():
        return
    functions = connection.client("lambda")
    for name in template.scheduled_functions():
        functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(_SWEEP))
