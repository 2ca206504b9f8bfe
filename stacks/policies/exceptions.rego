# Exceptions are data: `settings: {exceptions: [destroy_stateful]}`. They are counted and listed in every report.
package main

import rego.v1

exception contains data.policy.settings.get("exceptions")
