"""The ad system that points are converted to credit of: its contract, a client, a simulation.

Belongs here: asking over HTTP and reading the answers (`openapi.yaml` is the contract), and a
simulated ad system for tests and the demo. Does not: when to ask, and what an answer does to held
points (`flows.converting`).
"""
