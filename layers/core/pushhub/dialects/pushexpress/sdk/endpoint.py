"""How are the calls of the vendor's SDKs answered?

Two endpoints, since a function has no more rights than it needs: `InstanceCalls` writes profiles and subscriptions,
`DeviceEventCalls` puts reports of pushes into the queue of events and notes that events have happened.
"""
