"""Which calls does the SDK API have?

Source: "SDK API specs" in `sources.md`; `deactivate` stands in clients alone.
"""

from typing import Final

REGISTER: Final = "POST /api/r/v2/apps/{app_id}/instances"
INFO: Final = "PUT /api/r/v2/apps/{app_id}/instances/{ic_id}/info"
DEACTIVATE: Final = "POST /api/r/v2/apps/{app_id}/instances/{ic_id}/deactivate"
NOTIFICATION: Final = "POST /api/r/v2/apps/{app_id}/instances/{ic_id}/events/notification"
LIFECYCLE: Final = "POST /api/r/v2/apps/{app_id}/instances/{ic_id}/events/lifecycle"

SDK_ROUTES: Final = (REGISTER, INFO, DEACTIVATE, NOTIFICATION, LIFECYCLE)
