use super::*;

const A: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
const B: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
const MS: Duration = Duration::from_millis(1);

/// Probes 100 ms apart, upper case to A and lower case to B: `a` answered, `l` lost, `p` pending, `u` not known to be
/// sent.
fn window(fates: &str) -> (Window, Instant) {
    let start = Instant::now();
    let mut window = Window::new(52);
    for ((fate, sequence), turn) in fates.chars().zip(1..).zip(0..) {
        let at = start + 100 * MS * turn;
        window.push(sequence, if fate.is_uppercase() { A } else { B }, at);
        if fate.eq_ignore_ascii_case(&'u') {
            continue;
        }
        window.sent(sequence, at, at);
        match fate.to_ascii_lowercase() {
            'a' => {
                window.next_answer(at + MS, |asked| (asked == sequence).then_some(at + MS));
            }
            'l' => {
                window.next_loss(at + 2 * MS, |_| MS);
            }
            _ => {}
        }
    }
    (window, start)
}

#[test]
fn rows_are_counted_back_from_the_latest_that_is_known() {
    for (fates, losses, to_a, answers) in [
        ("", 0, 0, 0),
        ("LLLL", 4, 4, 0),
        ("ALLLLL", 5, 5, 0),
        ("LLALL", 2, 2, 0),
        ("LaLaLaLaL", 1, 5, 0),
        ("LLLP", 3, 3, 0),
        ("LULLU", 3, 3, 0),
        ("lAAA", 0, 0, 3),
        ("PLLp", 2, 2, 0),
    ] {
        let (window, _) = window(fates);
        assert_eq!(
            (window.losses(None), window.losses(Some(A)), window.answers(None)),
            (losses, to_a, answers),
            "{fates}"
        );
    }
}

#[test]
fn a_late_reply_makes_a_lost_probe_an_answered_one() {
    let (mut window, start) = window("LLLLL");
    let late = start + 900 * MS;
    assert!(
        window.next_answer(start + 899 * MS, |sequence| (sequence == 3).then_some(late)).is_none(),
        "not yet"
    );
    assert_eq!(window.next_answer(late, |sequence| (sequence == 3).then_some(late)).unwrap().sequence, 3);
    assert!(window.next_answer(late, |sequence| (sequence == 3).then_some(late)).is_none(), "it counts once");
    assert_eq!((window.losses(None), window.last_answer()), (2, Some(late)));
    assert_eq!(
        window.silent_since(),
        Some(start + 301 * MS),
        "when its time was over, not when somebody looked"
    );
}

#[test]
fn replies_are_taken_in_the_order_of_their_arrival() {
    let (mut window, start) = window("PPP");
    let arrivals = [start + 700 * MS, start + 500 * MS, start + 600 * MS];
    let mut take = || {
        let arrival = |sequence: u16| Some(arrivals[usize::from(sequence) - 1]);
        window.next_answer(start + 1000 * MS, arrival).map(|probe| (probe.sequence, window.overtaken(&probe)))
    };
    let order: Vec<_> = std::iter::from_fn(&mut take).collect();
    assert_eq!(order, [(2, false), (3, false), (1, true)]);
}

#[test]
fn a_probe_is_lost_only_when_its_time_is_over_counted_from_the_end_of_sending() {
    let (mut window, start) = window("");
    window.push(1, A, start);
    assert!(window.next_loss(start + 500 * MS, |_| MS).is_none(), "nobody has sent it");
    window.sent(1, start, start + 50 * MS);
    assert!(window.next_loss(start + 60 * MS, |_| 10 * MS).is_none());
    assert!(window.next_loss(start + 61 * MS, |_| 10 * MS).is_some());
}

#[test]
fn one_that_could_not_be_sent_has_never_been_and_old_ones_are_forgotten() {
    let (mut window, start) = window("LLUL");
    window.not_sent(3);
    window.sent(3, start, start);
    assert_eq!(window.losses(None), 3);
    let (window, _) = self::window(&format!("A{}", "L".repeat(52)));
    assert_eq!((window.losses(None), window.last_answer()), (52, None));
}

#[test]
fn losses_are_counted_by_target_wherever_they_are() {
    let (window, _) = window("LaALlPU");
    assert_eq!((window.tally(A), window.tally(B)), ((2, 3), (1, 2)));
}
