"""How do the engine's functions come to take messages from their queues?

In AWS, deploying is enough. CloudFormation in ministack keeps the value of a Number parameter as text, and ministack polls no queue
any more once it meets a mapping whose MaximumConcurrency is a text.
"""

from pushhub.console.connection import Connection
from pushhub.console.local.routes import ProcessedTemplate


def start_polling(connection: Connection, template: ProcessedTemplate) -> None:
    """Set the MaximumConcurrency of each mapping from a queue to a function to the same value as a number."""
    functions = connection.client("lambda")
    for mapping, _ in template.of_type("AWS::Lambda::EventSourceMapping"):
        concurrency = functions.get_event_source_mapping(UUID=mapping).get("ScalingConfig", {}).get("MaximumConcurrency")
        if concurrency is not None:
            functions.update_event_source_mapping(UUID=mapping, ScalingConfig={"MaximumConcurrency": int(concurrency)})
