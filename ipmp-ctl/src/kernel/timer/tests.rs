use std::time::{Duration, Instant};

use super::Timer;
use crate::kernel::testing::soon;

fn run<F: Future>(test: impl FnOnce() -> F) -> F::Output {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("runtime").block_on(test())
}

#[test]
fn it_fires_at_its_time_and_not_before() {
    run(|| async {
        let mut timer = Timer::new().expect("timer");
        for wait in [0, 1, 20].map(Duration::from_millis) {
            let at = Instant::now() + wait;
            timer.set(Some(at)).expect("set");
            soon("the timer", timer.fired()).await.expect("fired");
            assert!(Instant::now() >= at);
        }
    });
}

#[test]
fn a_moment_that_has_passed_is_now_each_time_it_is_set() {
    run(|| async {
        let mut timer = Timer::new().expect("timer");
        let past = Instant::now();
        for _ in 0..3 {
            timer.set(Some(past)).expect("set");
            soon("the timer", timer.fired()).await.expect("fired");
        }
    });
}

#[test]
fn a_timer_that_is_stopped_or_set_anew_forgets_its_time() {
    run(|| async {
        let mut timer = Timer::new().expect("timer");
        let (sooner, later) =
            (Instant::now() + Duration::from_millis(5), Instant::now() + Duration::from_millis(50));
        timer.set(Some(sooner)).expect("set");
        timer.set(Some(later)).expect("set");
        soon("the timer", timer.fired()).await.expect("fired");
        assert!(Instant::now() >= later);
        timer.set(Some(Instant::now() + Duration::from_millis(1))).expect("set");
        timer.set(None).expect("set");
        assert!(tokio::time::timeout(Duration::from_millis(30), timer.fired()).await.is_err());
    });
}

#[test]
fn a_period_fires_again_and_again() {
    run(|| async {
        let mut timer = Timer::new().expect("timer");
        let start = Instant::now();
        timer.set_period(Duration::from_millis(2)).expect("set");
        for _ in 0..5 {
            soon("a tick", timer.fired()).await.expect("fired");
        }
        // Ticks can be late and are then nearer to the next one, but not to the one before their first.
        assert!(start.elapsed() >= Duration::from_millis(10));
    });
}
