"""IAM, enforced on demand: what a request needs, and whether the policies attached to its caller allow that.

Stock moto can judge requests as well, but with ``*`` for every resource, and a condition that does not hold makes its
matcher deny. Here every request is judged by the actions AWS checks for it, each with its resources and the context
that conditions look at.
"""
