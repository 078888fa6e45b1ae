"""How the service is installed and kept: migrations, deployments, container, runbook.

Belongs here: what an operator applies to an environment. Does not: anything a flow computes.
"""
