use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::TcpSocket;

/// A free port, kept free for one program of the test: the programs must know each other's addresses before any
/// of them has started, and an origin must come back on its old port after a crash.
///
/// The socket is bound and never listens. While it lives the kernel never chooses the port for a program
/// that asks for any port, but a program that names it may listen there, because both sides set SO_REUSEADDR.
pub(crate) struct ReservedPort {
    address: SocketAddr,
    _bound: TcpSocket,
}

impl ReservedPort {
    pub(crate) fn new() -> ReservedPort {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket.set_reuseaddr(true).expect("SO_REUSEADDR");
        socket.bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).expect("a free port");
        ReservedPort { address: socket.local_addr().expect("the port just bound"), _bound: socket }
    }

    pub(crate) fn address(&self) -> String {
        self.address.to_string()
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }
}
