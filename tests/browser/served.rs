//! The pages of a world, served on this machine.

use crate::world::{World, settings};
use referrald::web::WebServer;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

pub(crate) struct Served {
    pub(crate) world: World,
    pub(crate) origin: String,
    stop: CancellationToken,
    running: JoinHandle<()>,
}

impl Served {
    pub(crate) async fn new(world: World) -> Self {
        let mut settings = settings();
        settings.listen = "127.0.0.1:0".parse().unwrap();
        let server = WebServer::bind(settings, world.parts()).await.unwrap();
        let origin = format!("http://{}", server.address().unwrap());
        let stop = CancellationToken::new();
        let running = tokio::spawn(server.run(stop.clone()));
        Self {
            world,
            origin,
            stop,
            running,
        }
    }

    /// Answers what is under way, then ends.
    pub(crate) async fn stop(self) {
        self.stop.cancel();
        self.running.await.unwrap();
    }
}
