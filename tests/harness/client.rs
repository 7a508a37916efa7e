use std::time::Duration;

use reqwest::Client;

/// No response takes longer than the timeouts of the system.
const RESPONSE_DEADLINE: Duration = Duration::from_secs(30);

/// Every request has a connection of its own, as from many shoppers. A kept one would also break now and then:
/// workerd closes a connection after it has refused a request whose body it did not read.
pub(crate) fn new_client() -> Client {
    let builder = Client::builder().timeout(RESPONSE_DEADLINE).pool_max_idle_per_host(0).no_proxy();
    builder.build().expect("an HTTP client")
}
