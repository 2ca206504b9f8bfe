//! Whether somebody answers behind a listener: one HTTP request, as a browser would make it.
//!
//! It goes through the proxies of `HTTP_PROXY`, `HTTPS_PROXY`, `ALL_PROXY` and `NO_PROXY`, as requests to AWS do, and follows no
//! redirect. Any status below 500 is an answer of the application: a page that wants a password is there, too.
//!
//! A certificate that cannot be verified is an answer as well. It is made out to the name of the site, and the request goes to
//! the load balancer's, so that it does not fit in most cases; that the targets are healthy is known from their health checks.

use crate::page::Page;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::proxy::ProxyConfig;
use aws_smithy_http_client::tls::{Provider, rustls_provider::CryptoMode};
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use std::error::Error as StdError;
use std::time::Duration;
use tokio::time::{Instant, sleep, timeout};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(10);
/// The pause before the next.
const PAUSE: Duration = Duration::from_secs(1);

/// What answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The application, with this status.
    Status(u16),
    /// A listener whose certificate cannot be verified, in the words of who looked at it.
    Certificate(String),
}

/// Asks until there is an answer, or the time is over.
///
/// # Errors
///
/// What came instead of an answer, in a line: the last status, or why there was no connection.
pub async fn answer(page: &Page, within: Duration) -> Result<Answer, String> {
    let start = Instant::now();
    let proxies = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"];
    let ways =
        ways(page, proxies.iter().any(|name| std::env::var_os(name).is_some_and(|url| !url.is_empty())));
    let connector = Connector::builder()
        .proxy_config(ProxyConfig::from_env())
        .tls_provider(Provider::Rustls(CryptoMode::AwsLc))
        .build();
    loop {
        let mut problems = Vec::new();
        for url in &ways {
            problems.push(match timeout(PATIENCE, ask(&connector, url, page)).await {
                Ok(Ok(status)) if status < 500 => return Ok(Answer::Status(status)),
                Ok(Ok(status)) => format!("it answers with HTTP status {status}"),
                Ok(Err(problem)) if is_certificate(&problem) => return Ok(Answer::Certificate(problem)),
                Ok(Err(problem)) => problem,
                Err(_) => format!("no answer within {} s", PATIENCE.as_secs()),
            });
        }
        if start.elapsed() + PAUSE >= within {
            problems.dedup();
            return Err(problems.join("; "));
        }
        sleep(PAUSE).await;
    }
}

/// The URLs to try, one after the other. A proxy looks at the URL and not at the `host` header, and a certificate is the site's:
/// there the site's name comes first. Else the load balancer's does, which leads to it for certain.
fn ways(page: &Page, is_proxied: bool) -> Vec<&str> {
    let mut ways = vec![page.url.as_str()];
    if let Some(site) = page.site.as_deref() {
        ways.insert(usize::from(!is_proxied && !site.starts_with("https:")), site);
    }
    ways
}

async fn ask(connector: &Connector, url: &str, page: &Page) -> Result<u16, String> {
    let mut request = HttpRequest::get(url).map_err(|error| error.to_string())?;
    request.headers_mut().insert("user-agent", concat!("wharf/", env!("CARGO_PKG_VERSION")));
    for (name, value) in &page.headers {
        let added = request.headers_mut().try_insert(name.clone(), value.clone());
        added.map_err(|error| error.to_string())?;
    }
    let answer = connector.call(request).await.map_err(|error| chain(&error))?;
    Ok(answer.status().as_u16())
}

/// What rustls says of every certificate that it does not take.
fn is_certificate(problem: &str) -> bool {
    problem.contains("invalid peer certificate")
}

/// An error and its causes, without repeats.
fn chain(error: &(dyn StdError + 'static)) -> String {
    let causes = std::iter::successors(Some(error), |&error| error.source()).map(ToString::to_string);
    let mut text = String::new();
    for cause in causes.filter(|cause| !cause.is_empty()) {
        if !text.contains(&cause) {
            if !text.is_empty() {
                text.push_str(": ");
            }
            text.push_str(&cause);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    fn page(url: &str) -> Page {
        Page { url: url.to_owned(), site: None, headers: Vec::new() }
    }

    /// A server that answers each request with the next of these statuses, the last one again and again.
    async fn server(statuses: &'static [u16]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            for number in 0.. {
                let (mut stream, _) = listener.accept().await.unwrap();
                let _ = stream.read(&mut [0; 4096]).await;
                let status = statuses.get(number).or(statuses.last()).unwrap();
                let answer = format!("HTTP/1.1 {status} x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
                let _ = stream.write_all(answer.as_bytes()).await;
            }
        });
        format!("http://{address}/")
    }

    #[tokio::test]
    async fn what_is_below_500_is_an_answer() {
        for status in [200, 302, 401, 404] {
            let url = server(Box::leak(Box::new([status]))).await;
            assert_eq!(answer(&page(&url), Duration::ZERO).await, Ok(Answer::Status(status)));
        }
        let url = server(&[503]).await;
        assert_eq!(
            answer(&page(&url), Duration::ZERO).await,
            Err("it answers with HTTP status 503".to_owned())
        );
        let url = server(&[503, 502, 200]).await;
        assert_eq!(answer(&page(&url), Duration::from_mins(1)).await, Ok(Answer::Status(200)));
    }

    #[tokio::test]
    async fn a_request_says_what_its_rule_wants() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/shop/?a=b", listener.local_addr().unwrap());
        let headers = [("host", "shop.example.com"), ("x-test", "on")];
        let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        let asked = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut request = [0; 4096];
            let length = stream.read(&mut request).await.unwrap();
            let _ = stream.write_all(b"HTTP/1.1 200 x\r\nContent-Length: 0\r\n\r\n").await;
            String::from_utf8_lossy(&request[..length]).to_lowercase()
        });
        assert_eq!(answer(&Page { url, site: None, headers }, Duration::ZERO).await, Ok(Answer::Status(200)));
        let asked = asked.await.unwrap();
        assert!(asked.starts_with("get /shop/?a=b http/1.1\r\n"), "{asked}");
        assert!(asked.contains("\r\nx-test: on\r\n"), "{asked}");
        assert_eq!(asked.matches("\r\nhost: ").count(), 1, "{asked}");
        assert!(asked.contains("\r\nhost: shop.example.com\r\n"), "{asked}");
    }

    #[test]
    fn the_surer_way_comes_first() {
        let named = |site: &str| Page { site: Some(site.to_owned()), ..page("http://a.elb/") };
        let http = named("http://example.com/");
        assert_eq!(ways(&http, false), ["http://a.elb/", "http://example.com/"]);
        assert_eq!(ways(&http, true), ["http://example.com/", "http://a.elb/"]);
        let https = named("https://example.com/");
        assert_eq!(ways(&https, false), ["https://example.com/", "http://a.elb/"]);
        assert_eq!(ways(&page("http://a.elb/"), true), ["http://a.elb/"]);
    }

    #[tokio::test]
    async fn who_does_not_listen_does_not_answer() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let problem = answer(&page(&url), Duration::ZERO).await.unwrap_err();
        assert!(problem.to_lowercase().contains("refused"), "{problem}");
    }
}
