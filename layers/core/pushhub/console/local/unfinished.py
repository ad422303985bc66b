"""What becomes of imports that still ran when the hub stopped?

The engine does not resume executions that ran when it stopped, and the scheduled sweep would only report them as failed. Ministack
counts a schedule from its own start, too: a hub that runs for minutes at a time never sweeps.
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
    """Start another attempt of each import that has not ended; for those that were being cancelled, have the report written.

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
