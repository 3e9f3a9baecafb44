use std::{collections::BTreeSet, path::Path};

use proptest::{prelude::*, sample::select, test_runner::Config as Runner};

use super::{Host, Plan, plan};
use crate::{
    adopt::request::AdoptRequest,
    config::Config,
    kernel::{
        holdings::Holdings,
        netlink::connect,
        preflight::Facts,
        testing::{block_in_netns, hosts},
    },
};

const TEXT: &str = "# This host.\nfailback = false # for a reason\n";

/// What is adopted.
const CHOICES: [&[&str]; 3] = [&["e0"], &["e0", "e1"], &["e1", "e0", "e2"]];

fn planned(commands: Vec<String>, interfaces: &[&str]) -> (Result<Plan, Vec<String>>, Holdings) {
    let host = block_in_netns(|| async move {
        hosts::make(&commands);
        let handle = connect().expect("netlink");
        let facts = Facts::collect(&handle, &[]).await.expect("facts");
        let holdings = Holdings::read(&handle).await.expect("holdings");
        Host { facts, holdings, text: TEXT.to_owned(), running: Vec::new() }
    });
    let request = AdoptRequest {
        group: "ipmp0".to_owned(),
        interfaces: interfaces.iter().map(ToString::to_string).collect(),
        confirm_s: 60,
        ..AdoptRequest::default()
    };
    (plan(&request, &host, Path::new("f")), host.holdings)
}

proptest! {
    #![proptest_config(Runner { cases: 32, ..Runner::default() })]

    #[test]
    fn a_plan_leaves_nothing_behind_and_writes_down_all_that_lasts(
        commands in hosts::commands(),
        interfaces in select(&CHOICES[..]),
    ) {
        let (plan, held) = planned(commands, interfaces);
        let plan = match plan {
            Ok(plan) => plan,
            Err(problems) => {
                prop_assert!(!problems.is_empty());
                prop_assert!(problems.iter().all(|problem| !problem.is_empty() && !problem.contains('\n')), "{problems:?}");
                return Ok(());
            }
        };
        let is_member = |ifindex: u32| plan.interfaces.contains_key(&ifindex);
        let addresses: Vec<_> = held.addresses.iter().filter(|held| is_member(held.info().ifindex)).collect();
        prop_assert_eq!(plan.moving.addresses.iter().collect::<Vec<_>>(), addresses);
        let made: Vec<_> = held.routes.iter().filter(|held| is_member(held.info().ifindex) && held.is_made()).collect();
        prop_assert_eq!(plan.moving.routes.iter().collect::<Vec<_>>(), made);

        let lasting: BTreeSet<_> =
            plan.moving.addresses.iter().filter(|held| held.valid_s().is_none()).map(|held| held.info().net()).collect();
        prop_assert_eq!(plan.group.addresses.iter().map(|data| data.net).collect::<BTreeSet<_>>(), lasting);
        prop_assert!(plan.text.starts_with(TEXT), "{}", plan.text);
        let (config, _) = Config::parse(&plan.text, Path::new("f")).expect("a plan is valid");
        prop_assert_eq!(config, plan.config.clone());
        // Each route by a router is in the configuration, or a note says why it is not.
        let steps = plan.steps(60).to_string();
        for route in plan.moving.routes.iter().filter(|route| route.info().gateway.is_some()) {
            let info = route.info();
            let is_there = plan.group.routes.iter().any(|there| {
                there.destination == info.destination && Some(there.via) == info.gateway
            });
            prop_assert!(is_there || steps.contains(&format!("note: the {route} ")), "{route}: {steps}");
        }
    }
}
