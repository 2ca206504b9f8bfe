"""CodeDeploy's blue/green deployments of ECS services, and the traffic they move.

``operations`` is the API, ``machine`` the life of a deployment, ``rollbacks`` those that take back another one,
``records`` how one is added, ``task_sets`` and ``listeners`` what it does to ECS and to load balancers, ``describe``
how it is shown, ``settings`` its faults on demand, ``traffic`` the record of listener writes. Nothing runs by itself:
deployments catch up with the emulator's clock before every request.
"""

from . import machine, operations, traffic  # noqa: F401 (they register themselves)
