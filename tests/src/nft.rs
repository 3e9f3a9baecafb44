//! Calls of `nft`.

use crate::{Netns, ctl};

impl Netns {
    /// Carries out commands of nftables in the namespace.
    pub fn nft(&self, commands: &str) {
        let output = self.command("nft").arg(commands).output().expect("nft is installed");
        assert!(output.status.success(), "nft {commands}: {}", ctl::describe(&output));
    }
}
