use std::process::Command;

use super::{Job, Work, quoted};

#[test]
fn words_reach_the_command_as_they_are() {
    let words = ["a b", "it's", "$HOME", "*", "", "\"x\"", "a\nb"];
    for word in words {
        let output =
            Command::new("sh").args(["-c", &format!("printf %s {}", quoted(word.as_ref()))]).output();
        assert_eq!(String::from_utf8_lossy(&output.unwrap().stdout), word);
    }
}

#[test]
fn a_command_sees_its_environment() {
    let show = ["sh", "-c", "printf %s \"$A\""].map(Into::into).to_vec();
    let job = Job::new(Work::Command(show)).environment("A", "x y");
    let output = Command::new("sh").args(["-c", &job.script()]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout), "x y");
}
