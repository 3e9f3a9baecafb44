//! A plan made without a daemon, of this network namespace.

use std::{fs, path::Path};

use anyhow::{Context as _, bail};

use super::{
    plan::{self, Host},
    request::AdoptRequest,
};
use crate::{
    config::Config,
    kernel::{holdings::Holdings, netlink, preflight::Facts},
};

/// What an adoption would do, for people. Nothing is changed, and no privilege needed.
///
/// # Errors
/// Everything that is in the way.
pub fn plan(request: &AdoptRequest, file: &Path) -> anyhow::Result<String> {
    let text = fs::read_to_string(file).with_context(|| format!("reading {}", file.display()))?;
    let (config, _) = Config::parse(&text, file)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("starting the async runtime")?;
    let host = runtime.block_on(async {
        let handle = netlink::connect()?;
        let facts = Facts::collect(&handle, &config.groups).await?;
        anyhow::Ok(Host { facts, holdings: Holdings::read(&handle).await?, text, running: Vec::new() })
    })?;
    match plan::plan(request, &host, file) {
        Ok(plan) => Ok(plan.steps(request.confirm_s).to_string()),
        Err(problems) => bail!(problems.join("\n")),
    }
}
