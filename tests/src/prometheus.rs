//! A real Prometheus on a host of the harness, which `cargo xtask test` fetches.

use std::{
    env, fs,
    io::{Read as _, Write as _},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::{
    Netns,
    eventually::{SOON, eventually, holds},
    residue, skip,
};

/// The variable with the directory of its programs.
const PROGRAMS: &str = "IPMP_PROMETHEUS";

/// Where it answers.
const AT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 9090);

/// A Prometheus that runs. Dropping the value ends it.
#[derive(Debug)]
pub struct Prometheus<'h> {
    host: &'h Netns,
    child: Child,
    directory: TempDir,
}

/// One of its programs; `None`, which is said, where it is not there.
pub fn program(name: &str) -> Option<PathBuf> {
    let directory = env::var_os(PROGRAMS);
    if directory.is_none() {
        skip::not_run("there is no Prometheus here: `cargo xtask test` fetches one on Debian");
    }
    directory.map(|directory| PathBuf::from(directory).join(name))
}

impl<'h> Prometheus<'h> {
    /// Starts one on `host` that scrapes `target` as the job `ipmp`, five times a second, and judges these rules as often.
    pub fn start(host: &'h Netns, target: SocketAddr, rules: &str) -> Option<Self> {
        let program = program("prometheus")?;
        let directory = TempDir::with_prefix(residue::PREFIX).expect("a temporary directory");
        let path = |name: &str| directory.path().join(name);
        fs::write(path("rules.yml"), rules).expect("a file");
        let config = format!(
            "global: {{scrape_interval: 200ms, scrape_timeout: 200ms, evaluation_interval: 200ms}}\n\
             rule_files: [rules.yml]\n\
             scrape_configs: [{{job_name: ipmp, static_configs: [{{targets: [\"{target}\"]}}]}}]\n"
        );
        fs::write(path("prometheus.yml"), config).expect("a file");
        let log = fs::File::create(path("log")).expect("a file");
        let mut command = host.command(program);
        command.arg(format!("--config.file={}", path("prometheus.yml").display()));
        command.arg(format!("--storage.tsdb.path={}", path("data").display()));
        command.arg(format!("--web.listen-address={AT}"));
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        let child = command.spawn().expect("Prometheus can be started");
        let prometheus = Self { host, child, directory };
        eventually("Prometheus has scraped", SOON, || {
            let up = prometheus.query("up == 1");
            holds(up.as_ref().is_ok_and(|up| !up.is_empty()), || (up, prometheus.log()))
        });
        Some(prometheus)
    }

    /// The series that a query gives now; or what is wrong with it.
    pub fn query(&self, query: &str) -> Result<Vec<Value>, String> {
        let answer = self.get(&format!("/api/v1/query?query={}", escaped(query)))?;
        match answer["data"]["result"].as_array() {
            Some(series) => Ok(series.clone()),
            None => Err(answer.to_string()),
        }
    }

    /// Waits until a query gives something that is a number, and gives that.
    pub fn until(&self, query: &str) -> Vec<Value> {
        eventually(&format!("a result of {query}"), SOON, || {
            let found = self.query(query)?;
            let is_number = |series: &Value| series["value"][1].as_str().is_some_and(|value| value != "NaN");
            if found.iter().any(is_number) { Ok(found) } else { Err(format!("{found:?}")) }
        })
    }

    /// Waits until an alert fires.
    pub fn until_alert(&self, name: &str) {
        eventually(&format!("{name} fires"), SOON, || {
            let alerts = self.get("/api/v1/alerts")?;
            let all = alerts["data"]["alerts"].as_array().cloned().unwrap_or_default();
            let fires = |alert: &Value| alert["labels"]["alertname"] == name && alert["state"] == "firing";
            holds(all.iter().any(fires), || alerts.to_string())
        });
    }

    fn get(&self, path: &str) -> Result<Value, String> {
        let answer = self.host.run(|| {
            let mut stream = TcpStream::connect(AT)?;
            write!(stream, "GET {path} HTTP/1.0\r\n\r\n")?;
            let mut answer = String::new();
            stream.read_to_string(&mut answer)?;
            Ok::<_, std::io::Error>(answer)
        });
        let answer = answer.map_err(|error| format!("{error}: {}", self.log()))?;
        let body = answer.split_once("\r\n\r\n").map(|(_, body)| body).unwrap_or_default();
        serde_json::from_str(body).map_err(|error| format!("{error}: {answer}"))
    }

    fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Prometheus<'_> {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Runs `promtool ARGUMENTS` with this input, and gives what is wrong; `None` where there is no promtool, which is said.
pub fn promtool(arguments: &[&str], input: &str) -> Option<Result<(), String>> {
    let mut command = Command::new(program("promtool")?);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("promtool can be started");
    let stdin = child.stdin.take().expect("it is piped");
    let written = std::io::Write::write_all(&mut &stdin, input.as_bytes());
    drop(stdin);
    let output = child.wait_with_output().expect("promtool ends");
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    written.unwrap_or_else(|error| panic!("promtool does not read: {error}: {said}"));
    Some(if output.status.success() { Ok(()) } else { Err(said) })
}

/// A query as a part of an address.
fn escaped(query: &str) -> String {
    query
        .bytes()
        .map(
            |byte| {
                if byte.is_ascii_alphanumeric() {
                    char::from(byte).to_string()
                } else {
                    format!("%{byte:02X}")
                }
            },
        )
        .collect()
}
