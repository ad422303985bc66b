"""Do the engine's functions take messages from their queues as those in AWS do?

CloudFormation in ministack keeps the value of a Number parameter as text, and stops polling every queue at the first mapping whose
MaximumConcurrency is a text.
"""

from pushhub.console.connection import Connection
from pushhub.console.local.routes import ProcessedTemplate


def start_polling(connection: Connection, template: ProcessedTemplate) -> None:
    """Set the bound of each mapping from a queue to a function as the number that the template has it to be."""
    functions = connection.client("lambda")
    for mapping, _ in template.of_type("AWS::Lambda::EventSourceMapping"):
        bound = functions.get_event_source_mapping(UUID=mapping).get("ScalingConfig", {}).get("MaximumConcurrency")
        if bound is not None:
            functions.update_event_source_mapping(UUID=mapping, ScalingConfig={"MaximumConcurrency": int(bound)})
