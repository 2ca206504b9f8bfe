//! Reading AWS: how a release stands.

