"""The tasks of ECS services: nothing runs, but they can be listed and described, and their logs read.

``known`` tells them from the counts of services and task sets, ``stopped`` keeps those that are over, ``describe``
shows them, ``logs`` is what their containers have written, ``operations`` the API.
"""

from . import logs, operations  # noqa: F401 (they register themselves)
