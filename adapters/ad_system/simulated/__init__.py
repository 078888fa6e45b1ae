"""A simulated ad system for tests and the demo, in a process and with a store of its own.

    python -m adapters.ad_system.simulated --store FILE --token TOKEN [--port 0] [--behaviour JSON]

It prints its address. `PUT /admin/behaviour` changes how it behaves, `GET /admin/accounts` returns
what was credited in all; it listens on this machine only.
"""
