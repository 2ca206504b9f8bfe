"""ECS's own blue/green deployments of services, beside CodeDeploy's in ``deployments``.

``operations`` is the API, ``services`` what it makes of CreateService, UpdateService and DescribeServices, ``machine``
the life of a deployment, ``lifecycle`` its hooks, ``tasks`` and ``rules`` what it does to target groups and listener
rules, ``describe`` how it is shown. Pace, faults and the record of traffic are those of ``deployments``.
"""

from . import machine, operations, services  # noqa: F401 (they register themselves)
