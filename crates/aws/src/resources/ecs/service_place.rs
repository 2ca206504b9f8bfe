//! Where a service is, and how it is looked up there.

use super::service::Service;
use crate::arn;
use crate::clients::Clients;
use crate::errors::Named;
use aws_sdk_ecs::types as ecs;
use wharf_provider::{Absent, ObjectOf, Result};

/// Where a service is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Place {
    pub(super) cluster: String,
    pub(super) name: String,
}

impl Place {
    /// From an ARN, or from `cluster/name`. The ARNs of old accounts have no cluster.
    pub(super) fn new(id: &str, cluster: Option<&str>) -> Self {
        let path = arn::resource(id);
        let path = path.strip_prefix("service/").unwrap_or(path);
        let (cluster, name) = path.split_once('/').unwrap_or_else(|| {
            let cluster = cluster.map_or("default", arn::last);
            (cluster, path)
        });
        Place { cluster: cluster.to_owned(), name: name.to_owned() }
    }

    pub(super) fn of(object: &ObjectOf<Service>) -> Self {
        let properties = object.properties.as_ref();
        Place::new(&object.id, properties.and_then(|properties| properties.cluster.as_deref()))
    }

    pub(super) fn of_service(service: &ecs::Service) -> Self {
        Place {
            cluster: arn::last(service.cluster_arn().unwrap_or_default()).to_owned(),
            name: service.service_name().unwrap_or_default().to_owned(),
        }
    }
}

/// The services of these names that are there.
pub(super) async fn describe(
    cloud: &Clients,
    cluster: &str,
    names: Vec<String>,
) -> Result<Vec<ecs::Service>> {
    let request = cloud
        .ecs()
        .describe_services()
        .cluster(cluster)
        .set_services(Some(names))
        .include(ecs::ServiceField::Tags);
    let answer = request.send().await.named("ecs:DescribeServices").or_absent()?;
    let services = answer.and_then(|answer| answer.services).into_iter().flatten();
    Ok(services.filter(|service| service.status() != Some("INACTIVE")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places() {
        let place = |id, cluster| {
            let place = Place::new(id, cluster);
            format!("{}/{}", place.cluster, place.name)
        };
        assert_eq!(place("arn:aws:ecs:eu-central-1:1:service/prod/web", None), "prod/web");
        assert_eq!(place("prod/web", Some("test")), "prod/web");
        assert_eq!(
            place("arn:aws:ecs:eu-central-1:1:service/web", Some("arn:aws:ecs:e:1:cluster/prod")),
            "prod/web"
        );
        assert_eq!(place("arn:aws:ecs:eu-central-1:1:service/web", None), "default/web");
    }
}
