use std::time::Duration;

use super::*;

#[test]
fn who_else_hears_something_makes_the_difference_between_member_and_group() {
    let start = Instant::now();
    let since = start + Duration::from_secs(1);
    let (earlier, later) = (Some(start), Some(since + Duration::from_secs(1)));
    let witness = |link_up, probed, running, last_answer| Witness { link_up, probed, running, last_answer };
    for (witnesses, alone, why) in [
        (&[][..], false, "nobody else to say so"),
        (&[witness(true, true, true, later)], true, "another one hears its targets"),
        (&[witness(true, true, true, earlier)], false, "it did before, and is silent since"),
        (&[witness(true, true, true, None)], false, "it has never heard anything"),
        (&[witness(false, true, true, later)], false, "its link is down"),
        (&[witness(true, true, false, later)], false, "it has failed"),
        (&[witness(true, false, true, None)], true, "it has no test address, and link"),
        (&[witness(false, false, true, None)], false, "it has no test address, and no link"),
        (&[witness(true, true, true, earlier), witness(true, true, true, later)], true, "one is enough"),
    ] {
        assert_eq!(is_alone(since, witnesses.iter().copied()), alone, "{why}");
    }
}

#[test]
fn five_losses_in_a_row_are_a_failure_and_ten_answers_a_repair() {
    let start = Instant::now();
    let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|address| address.parse::<IpAddr>().unwrap());
    // Upper case: to A, lower case: to B.
    let window = |fates: &str| {
        let mut window = Window::new(52);
        for (fate, sequence) in fates.chars().zip(1..) {
            let at = start + Duration::from_millis(100) * u32::from(sequence);
            window.push(sequence, if fate.is_uppercase() { a } else { b }, at);
            window.sent(sequence, at, at);
            let answered = fate.eq_ignore_ascii_case(&'a');
            window.next_answer(at, |asked| (answered && asked == sequence).then_some(at));
            window.next_loss(at + Duration::from_millis(1), |_| Duration::ZERO);
        }
        window
    };
    let silent = |lost: u32| Finding::Silent { since: start + Duration::from_millis(100) * lost };
    for (fates, expected) in [
        ("", Finding::Fine),
        ("LLLL", Finding::Fine),
        ("LLLLA", Finding::Fine),
        ("ALLLL", Finding::Fine),
        ("ALLLLL", silent(2)),
        ("AlLlLl", silent(2)),
        ("LaLaLaLaL", Finding::DeadTarget(a)),
        ("LaLaLaLaLa", Finding::Fine),
        ("ALaLaLaLaL", Finding::DeadTarget(a)),
        ("aLaLaLAaL", Finding::Fine),
    ] {
        assert_eq!(find(&window(fates)), expected, "{fates}");
    }
    for (fates, expected) in [
        ("LAAAAAAAAA", false),
        ("LAAAAAAAAAA", true),
        ("LAaAaAaAaAa", true),
        ("AAAAAAAAAAL", false),
        ("AlAlAlAlAlAlAlAlAlA", true),
        ("AlAlAlAlAlLlAlAlAlA", false),
    ] {
        assert_eq!(speaks_for_repair(&window(fates)), expected, "{fates}");
    }
}
