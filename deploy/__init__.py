"""How the service is installed and kept: schema, migrations, deployments, image, backup.

Belongs here: what an operator applies to an environment. Does not: anything a flow computes.
"""
