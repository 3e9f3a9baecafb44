use ipmp_ctl::*;
use std::io::{Read,Write};
fn main(){
  let a:Vec<String>=std::env::args().collect();
  tracing_subscriber::fmt().with_env_filter(std::env::var("RUST_LOG").unwrap_or("info".into())).with_writer(std::io::stderr).init();
  let o=daemon::Options{config:a[2].clone().into(),netns:Some(a[3].clone()),pins:"/sys/fs/bpf/ipmp-try".into(),socket:"/tmp/try.sock".into(),trace:dataplane::trace::TraceLevel::Off,attach_by:if a[1]=="clsact"{dataplane::hook::AttachBy::Clsact}else{dataplane::hook::AttachBy::Auto}};
  match a[1].as_str(){
   "daemon"|"clsact" => if let Err(e)=daemon::run(&o){eprintln!("ERR {e:#}");std::process::exit(1)},
   "ask" => {let mut s=std::os::unix::net::UnixStream::connect("/tmp/try.sock").unwrap(); writeln!(s,"{}",a[2]).unwrap(); let mut t=String::new(); s.read_to_string(&mut t).unwrap(); println!("{t}");}
   "down" => if let Err(e)=down::without_daemon(&a[2],&o.socket,None,&o.pins){eprintln!("ERR {e:#}")},
   _=>{}
  }
}
