"""Under which keys and attribute names do things stand in DynamoDB, and how are they read back?

The single source of both: a module for each table, so that no function loads what it does not need. Keys hold no raw token and no
raw value: both are attributes and are compared on a hit.

=============  ================================  ==============  ==========================================================
item           pk                                sk              attributes besides `v`
=============  ================================  ==============  ==========================================================
profile        `P#<database>#<profile>`          `P`             origin, fields, keys, live, cancelled, created, updated, …
match key      `K#<database>#<field>#<digest>`   `K`             value, profile
subscription   `S#<database>#<provider>#<…>`     `S`             token, profile, resources, anonymous, created, seen, version
catalog        `CATALOG`                         `C`             document, version
event          `E#<digest of the uid>`           its identity    uid, launch, provider, plain, d, d_at, o, o_at, expires
repeat         `R#<receipt>`                     `R`             expires
counter        `N#<digest of the launch>#<…>`    provider        launch, du, ou, dt, ot, sa, se, su
launch         `LAUNCHES`                        digest#provider launch, provider
import job     `J#<job>`                         `J`             source, location, status, started, attempt, reason, …, expires
progress       `J#<job>`                         `C#<chunk>`     kinds, reasons, bytes, lines, finished, expires
listed job     `JOBS`                            `<started>#<…>` expires
running job    `RUNNING`                         job             expires
journal entry  `I#<job>#<chunk>`                 `E#<lane>#<…>`  token, outcomes or finished, expires
journal gate   `I#<job>#<chunk>`                 `G#<lane>`      run, expires
sending        `V#<yyyymmdd>#<id mod 16>`        id              app, caller, …, launch, content, parts, status, …, expires
lane           `L#<sending>#<part>`              `0`…`f` or `-`  run, until, done, claim, pending, finished, `n:…`, expires
deferral       `L#<sending>#<part>`              `R#<lane>#<…>`  tries, recipients, run, claimed_at, until, done, expires
due part       `DUE`                             `<seconds>#<…>` app, expires
not ended      `SENDING`                         id              expires
=============  ================================  ==============  ==========================================================

A profile has reach and place too, its keys in the index `Reach`: `R#<database>#<lane>`, and 16 hex digits. The index has fields and
live of it, and happened. Profiles that no release has written since there is an index are not in it.

A profile of an instance has further informed, when a report of it was last stored, and happened: the first time of each event by
its code, and under `offset-before`, which is no code, the offset from UTC that it had until it changed. A subscription has further
drawn_by_app, where the app draws what a push shows.

The first three stand in the Audience table, the catalog in its own, the others in the Ledger table. Of an event, `d` is the receipt
that set "delivered" first and `d_at` when that report was accepted; `o` and `o_at` the same for "opened". A counter has 64 shards,
the end of its pk; it counts unique (`du`, `ou`) and all (`dt`, `ot`) reports, and recipients of ended sendings that were accepted
(`sa`), perhaps sent to (`su`) or neither (`se`). All times of events are milliseconds, all others seconds, since 1970-01-01 UTC.

A subscription has further spelling, where its push token came in another form than it is compared in, and retired, once a provider
has called it dead.

An import job has further stopping, retention (seconds from its last change to `expires`), ended once it has ended, and plan once
that is known. The sk of a journal entry ends with the number of the run that made it and its place among those that this run made
in the lane; `token` was made for it alone; `outcomes` is a list of kind, reason and packed positions. A gate holds the number of
the run that may write to its lane.

A sending has further begun, ended, what came of it, as `n:<code>:<outcome>` for each provider and outcome, `stop:<code>` for each
provider that gets nothing more, and examples with example_kinds; `code` are the two letters of the provider. A lane has `n:…` too.
Its content is JSON of the messages and of whom it names. The sk of a deferral ends with its name, that of a due part with sending
and part; ids of sendings have 16 digits. A claimed deferral has the request token of its claim as request.
"""
