//! Names of images.

/// An image, as a container names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Image {
    /// As it is written.
    pub(crate) text: String,
    /// Where it is.
    pub(crate) place: Place,
    /// Which version of it.
    pub(crate) version: Version,
}

/// Where an image is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    /// A repository of ECR.
    Ecr(Repository),
    /// The registry at this host.
    Elsewhere(String),
}

/// A repository of ECR.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Repository {
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) name: String,
}

impl Repository {
    /// Its ARN.
    pub(crate) fn arn(&self, partition: &str) -> String {
        format!("arn:{partition}:ecr:{}:{}:repository/{}", self.region, self.account, self.name)
    }
}

/// Which version of an image.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Version {
    /// `sha256:…`
    Digest(String),
    /// A tag.
    Tag(String),
}

impl Image {
    /// What a container names.
    ///
    /// Source: <https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html>, `image`.
    pub(crate) fn parse(text: &str) -> Self {
        let (name, digest) = match text.split_once('@') {
            Some((name, digest)) => (name, Some(digest)),
            None => (text, None),
        };
        // The colon of a port comes before a slash, that of a tag behind the last one.
        let (name, tag) = match name.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, tag),
            _ => (name, "latest"),
        };
        let version =
            digest.map_or_else(|| Version::Tag(tag.into()), |digest| Version::Digest(digest.into()));
        Image { text: text.to_owned(), place: place(name), version }
    }
}

/// The repository of a URL such as that of `aws_ecr_repository.repository_url`.
pub(crate) fn repository(url: &str) -> Option<Repository> {
    match place(url) {
        Place::Ecr(repository) => Some(repository),
        Place::Elsewhere(_) => None,
    }
}

fn place(name: &str) -> Place {
    let (host, path) = match name.split_once('/') {
        Some((host, path)) if host.contains(['.', ':']) || host == "localhost" => (host, path),
        _ => ("docker.io", name),
    };
    match registry(host) {
        Some((account, region)) => {
            Place::Ecr(Repository { account: account.into(), region: region.into(), name: path.into() })
        }
        None => Place::Elsewhere(host.to_owned()),
    }
}

/// Account and region of a registry of ECR: `ACCOUNT.dkr.ecr.REGION.amazonaws.com`, `ACCOUNT.dkr-ecr.REGION.on.aws`.
///
/// Source: <https://docs.aws.amazon.com/AmazonECR/latest/userguide/Registries.html>.
fn registry(host: &str) -> Option<(&str, &str)> {
    let (account, rest) = host.split_once('.')?;
    let endpoints = ["dkr.ecr.", "dkr.ecr-fips.", "dkr-ecr.", "dkr-ecr-fips."];
    let rest = endpoints.iter().find_map(|endpoint| rest.strip_prefix(endpoint))?;
    let (region, domain) = rest.split_once('.')?;
    let is_account = account.len() == 12 && account.bytes().all(|digit| digit.is_ascii_digit());
    (is_account && (domain.starts_with("amazonaws.com") || domain.starts_with("on.")))
        .then_some((account, region))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_of_ecr_have_account_region_and_repository() {
        let repository = Repository {
            account: "123456789012".into(),
            region: "eu-central-1".into(),
            name: "teams/web".into(),
        };
        for (text, version) in [
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/teams/web:3f2a", Version::Tag("3f2a".into())),
            ("123456789012.dkr.ecr.eu-central-1.amazonaws.com/teams/web", Version::Tag("latest".into())),
            (
                "123456789012.dkr.ecr.eu-central-1.amazonaws.com/teams/web@sha256:0a",
                Version::Digest("sha256:0a".into()),
            ),
            (
                "123456789012.dkr-ecr.eu-central-1.on.aws/teams/web:1@sha256:0a",
                Version::Digest("sha256:0a".into()),
            ),
        ] {
            let image = Image::parse(text);
            assert_eq!(image.place, Place::Ecr(repository.clone()), "{text}");
            assert_eq!(image.version, version, "{text}");
        }
        assert_eq!(repository.arn("aws"), "arn:aws:ecr:eu-central-1:123456789012:repository/teams/web");
    }

    #[test]
    fn other_images_name_their_registry() {
        for (text, registry) in [
            ("httpd:2.4", "docker.io"),
            ("library/httpd", "docker.io"),
            ("public.ecr.aws/docker/library/httpd:2.4", "public.ecr.aws"),
            ("localhost/web", "localhost"),
            ("registry:5000/web", "registry:5000"),
            ("web.dkr.ecr.eu-central-1.amazonaws.com/web", "web.dkr.ecr.eu-central-1.amazonaws.com"),
        ] {
            assert_eq!(Image::parse(text).place, Place::Elsewhere(registry.into()), "{text}");
        }
        assert_eq!(Image::parse("registry:5000/web").version, Version::Tag("latest".into()));
    }
}
