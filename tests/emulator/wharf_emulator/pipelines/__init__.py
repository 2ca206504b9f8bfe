"""CodePipeline's executions: from a commit over a build to a blue/green deployment.

``events`` starts them, ``operations`` is the API, ``machine`` takes an execution from stage to stage, ``execution`` is
what it remembers, ``describe`` how it is shown. What actions do is in ``source``, ``build`` and ``deploy``, what they
hand to each other in ``artifacts``. Like deployments, executions catch up with the clock before every request.
"""

from . import build, deploy, events, machine, operations, source  # noqa: F401 (they register themselves)
