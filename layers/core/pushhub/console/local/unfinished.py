"""Who sees to imports that the last stop of the hub cut short?

The engine starts no execution again that ran when it stopped, and the sweeps of the template would only report that. A schedule of
ministack begins anew with each start, too: a hub that runs for minutes at a time has none.
"""

import json
from typing import Final

from pushhub.adapters.dynamodb.jobs import DynamoJobs
from pushhub.adapters.step_functions import StepFunctionsExecutions
from pushhub.console.connection import Connection
from pushhub.console.local.routes import ProcessedTemplate
from pushhub.console.progress import say

_SWEEP: Final = {"detail-type": "Scheduled Event", "source": "aws.events", "detail": {}}


def go_on_with_imports(connection: Connection, template: ProcessedTemplate) -> None:
    """Let each import that has not ended go on in another attempt; those that were to stop are reported on.

    Args:
        connection: a way to the engine, with the outputs of the stack.
        template: of the deployed stack.
    """
    jobs = DynamoJobs(connection.client("dynamodb"), connection.outputs["LedgerTable"])
    executions = StepFunctionsExecutions(connection.client("stepfunctions"), connection.outputs["ImportsStateMachine"])
    running = jobs.running()
    for job in running:
        if not job.stopping and jobs.resume(job, job.attempt + 1):
            executions.start(job.id, job.attempt + 1)
            say(f"import {job.id} goes on")
    if any(job.stopping for job in running):
        functions = connection.client("lambda")
        for name in template.scheduled_functions():
            functions.invoke(FunctionName=name, InvocationType="Event", Payload=json.dumps(_SWEEP))
