//! Listening sockets that outlive a reload: who connects meanwhile waits instead of being refused.

use std::collections::{HashMap, HashSet};
use std::io;
use std::net::{self, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::net::TcpListener;

/// The sockets of one service.
#[derive(Clone, Default)]
pub(super) struct Sockets(Arc<Mutex<Kept>>);

#[derive(Default)]
struct Kept {
    sockets: HashMap<SocketAddr, net::TcpListener>,
    asked: HashSet<SocketAddr>,
}

impl Sockets {
    /// The socket of an address, new or from before.
    ///
    /// # Errors
    /// Of the operating system: the address is taken or not ours.
    pub(super) async fn listen(&self, address: SocketAddr) -> io::Result<TcpListener> {
        let kept = {
            let mut kept = self.lock();
            kept.asked.insert(address);
            kept.sockets.get(&address).map(net::TcpListener::try_clone)
        };
        let socket = match kept {
            Some(socket) => socket?,
            None => {
                // "0.0.0.0:8465" in place of "127.0.0.1:8465": the old one, which nobody asked for, is in the way.
                self.close_unasked(address.port());
                let socket = TcpListener::bind(address).await?.into_std()?;
                // A port that the system chooses is another one each time.
                if address.port() != 0 {
                    self.lock().sockets.insert(address, socket.try_clone()?);
                }
                socket
            }
        };
        TcpListener::from_std(socket)
    }

    /// A start begins: nothing is asked for yet.
    pub(super) fn begin(&self) {
        self.lock().asked.clear();
    }

    /// Closes those that were not asked for since the start began.
    pub(super) fn close_others(&self) {
        let Kept { sockets, asked } = &mut *self.lock();
        sockets.retain(|address, _| asked.contains(address));
    }

    fn close_unasked(&self, port: u16) {
        let Kept { sockets, asked } = &mut *self.lock();
        sockets.retain(|address, _| address.port() != port || asked.contains(address));
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_socket_is_the_same_until_nobody_asks_for_it() {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let sockets = Sockets::default();
        drop(sockets.listen(free).await.unwrap());
        sockets.close_others();
        sockets.begin();
        let client = tokio::net::TcpStream::connect(free).await.unwrap();
        let again = sockets.listen(free).await.unwrap();
        let (_, peer) = again.accept().await.unwrap();
        assert_eq!(
            peer,
            client.local_addr().unwrap(),
            "who connected meanwhile was kept waiting"
        );
        drop(again);
        sockets.close_others();
        sockets.begin();
        let wider = SocketAddr::from(([0, 0, 0, 0], free.port()));
        drop(sockets.listen(wider).await.unwrap());
        sockets.close_others();
        assert!(tokio::net::TcpStream::connect(free).await.is_ok());
        sockets.begin();
        sockets.close_others();
        assert!(tokio::net::TcpStream::connect(free).await.is_err());
    }
}
