"""Changes to moto that cost nothing in behaviour and take most of the time out of a request.

Measured on stock moto 5.2.5, per request: two directory listings and some 350 ``stat`` calls, ``inspect.getmembers``
over the service's response class (1 to 4 ms), a search of the access key over all accounts; an RSA key pair for every
KMS key (25 to 60 ms); 1,582 managed policies parsed after every reset if they are wanted at all; every object ever made
kept in a list for moto's dashboard.
"""

from __future__ import annotations

import json
import os
from functools import lru_cache

from .call import ACCOUNT

MANAGED_POLICIES = (
    "AmazonECSTaskExecutionRolePolicy",
    "AWSCodeDeployRoleForECS",
    "AWSCodeDeployRoleForECSLimited",
    "ReadOnlyAccess",
)
"""The AWS managed policies every account of the emulator has."""


def install() -> None:
    """Applies all of them; must run before the first request."""
    os.environ["MOTO_ACCOUNT_ID"] = ACCOUNT
    _cache_method_names()
    _cache_module_list()
    _no_key_pairs_for_symmetric_keys()
    _few_managed_policies()
    _no_list_of_instances()


def _cache_method_names() -> None:
    import moto.core.responses
    import moto.core.utils

    cached = lru_cache(maxsize=None)(moto.core.utils.method_names_from_class)
    moto.core.responses.method_names_from_class = cached


def _cache_module_list() -> None:
    import moto.backends

    modules = list(moto.backends.list_of_moto_modules())
    moto.backends.list_of_moto_modules = lambda: modules


def _no_key_pairs_for_symmetric_keys() -> None:
    import moto.kms.models

    generate = moto.kms.models.generate_private_key

    def generate_private_key(key_spec: str) -> object:
        return None if key_spec == "SYMMETRIC_DEFAULT" else generate(key_spec)

    moto.kms.models.generate_private_key = generate_private_key


def _few_managed_policies() -> None:
    import moto.iam.models as iam

    every = json.loads(iam.aws_managed_policies_data)
    wanted = {name: every[name] for name in MANAGED_POLICIES if name in every}

    def init_aws_policies(backend: object) -> list[object]:
        return [
            iam.AWSManagedPolicy.from_data(name, backend.account_id, backend.region_name, data)
            for name, data in wanted.items()
        ]

    iam.IAMBackend._init_aws_policies = init_aws_policies


def _no_list_of_instances() -> None:
    """Only S3 needs its list, to close temporary files."""
    from moto.core.common_models import BaseModel

    tracked = BaseModel.__new__

    def new(cls: type, *args: object, **kwargs: object) -> object:
        return tracked(cls) if cls.__module__.startswith("moto.s3.") else object.__new__(cls)

    BaseModel.__new__ = new
