//! What AWS has of a build project's blocks that wharf does not know: a block is written whole, so it is sent back.

use aws_sdk_codebuild::types::{ProjectCache, ProjectEnvironment, ProjectSource};

/// Of a source, as long as it is of the same type.
pub(crate) fn of_source(source: &mut ProjectSource, there: &ProjectSource) {
    if source.r#type == there.r#type {
        source.auth.clone_from(&there.auth);
        source.build_status_config.clone_from(&there.build_status_config);
        source.source_identifier.clone_from(&there.source_identifier);
    }
}

/// Of an environment, as long as it is of the same type and size.
pub(crate) fn of_environment(environment: &mut ProjectEnvironment, there: &ProjectEnvironment) {
    if environment.r#type == there.r#type && environment.compute_type == there.compute_type {
        environment.compute_configuration.clone_from(&there.compute_configuration);
        environment.fleet.clone_from(&there.fleet);
        environment.docker_server.clone_from(&there.docker_server);
    }
}

/// Of a cache, as long as it is of the same type.
pub(crate) fn of_cache(cache: &mut ProjectCache, there: &ProjectCache) {
    if cache.r#type == there.r#type {
        cache.cache_namespace.clone_from(&there.cache_namespace);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_sdk_codebuild::types::{BuildStatusConfig, SourceType};

    #[test]
    fn another_source_starts_afresh() {
        let source = |kind: SourceType| ProjectSource::builder().r#type(kind).build().expect("a source");
        let mut there = source(SourceType::Github);
        there.build_status_config = Some(BuildStatusConfig::builder().context("ci").build());
        let (mut same, mut other) = (source(SourceType::Github), source(SourceType::S3));
        of_source(&mut same, &there);
        of_source(&mut other, &there);
        assert_eq!((same.build_status_config.is_some(), other.build_status_config.is_some()), (true, false));
    }
}
