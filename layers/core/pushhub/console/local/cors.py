"""Which pages in browsers may call the hub, and which headers say so to a browser?

API Gateway answers preflights that no route takes itself and adds headers to what a function replies, as the template's
`CorsConfiguration` says. The engine ignores that configuration, since SAM writes it into the OpenAPI body; so the front door does
the same.
Source: <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, cast

from pushhub.console.local.routes import ProcessedTemplate

ORIGIN: Final = re.compile(r"https?://[a-z0-9-]+(\.[a-z0-9-]+)*(:[0-9]{1,5})?")
"""An origin as browsers send it: they write the host in lower case, and nothing behind host and port."""

_CONFIGURATION: Final = "x-amazon-apigateway-cors"


@dataclass(frozen=True, slots=True)
class CorsRules:
    """What the deployed API tells browsers."""

    origins: tuple[str, ...]
    methods: tuple[str, ...]
    request_headers: tuple[str, ...]
    exposed_headers: tuple[str, ...]
    max_age: int
    """Seconds that a browser may remember the answer to a preflight."""

    def of_preflight(self, origin: str) -> dict[str, str]:
        """Return the headers of the answer to a preflight from an origin; none where it is not allowed."""
        return self._of_allowed(
            origin,
            {
                "access-control-allow-methods": ",".join(self.methods),
                "access-control-allow-headers": ",".join(self.request_headers),
                "access-control-max-age": str(self.max_age),
            },
        )

    def of_reply(self, origin: str) -> dict[str, str]:
        """Return the headers that are added to a reply to an origin; none where it is not allowed."""
        return self._of_allowed(origin, {"access-control-expose-headers": ",".join(self.exposed_headers)})

    def _of_allowed(self, origin: str, headers: Mapping[str, str]) -> dict[str, str]:
        return {"access-control-allow-origin": origin, **headers} if origin in self.origins else {}


def cors_rules(template: ProcessedTemplate, origins: tuple[str, ...]) -> CorsRules | None:
    """Return the rules of the deployed API, None where no origin is allowed: then it has no such configuration.

    The configuration is `!If [HasAllowedOrigins, {…}, !Ref AWS::NoValue]`.

    Args:
        template: that of the deployed stack.
        origins: those of its parameter `AllowedOrigins`; the engine translates a template with the parameters' defaults.
    """
    if not origins:
        return None
    _, body = template.http_api()
    _, configured, _ = cast(Mapping[str, Sequence[Mapping[str, Sequence[str]]]], body[_CONFIGURATION])["Fn::If"]
    return CorsRules(
        origins,
        methods=tuple(configured["allowMethods"]),
        request_headers=tuple(configured["allowHeaders"]),
        exposed_headers=tuple(configured["exposeHeaders"]),
        max_age=cast(int, configured["maxAge"]),
    )
