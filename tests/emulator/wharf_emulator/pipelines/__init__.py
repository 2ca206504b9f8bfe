"""CodePipeline's executions: from a commit over a build to a blue/green deployment.

``events`` starts them, ``operations`` is the API, ``machine`` takes an execution from stage to stage, ``execution`` is
what it remembers, ``describe`` how it is shown. The actions are in ``source``, ``build``, ``approval`` and ``deploy``;
``artifacts`` is what they hand to each other. Executions catch up with the clock before every request.
"""

from . import approval, build, deploy, events, machine, operations, source  # noqa: F401 (they register themselves)
