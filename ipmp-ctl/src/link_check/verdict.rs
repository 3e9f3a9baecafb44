//! From who has heard whom to what is to be said about it.

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// As it should be.
    Fine,
    /// Worth knowing.
    Warning,
    /// Members do not share one link, or that was not proved.
    Error,
}

/// Something that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How bad it is.
    pub severity: Severity,
    /// What, and what to do.
    pub text: String,
}

/// Who has heard whom.
#[derive(Clone, Debug)]
pub struct Heard {
    /// By listener, then by speaker.
    heard: Vec<Vec<bool>>,
}

impl Heard {
    /// Nobody anybody, of this many.
    pub fn new(count: usize) -> Self {
        Self { heard: vec![vec![false; count]; count] }
    }

    /// The listener has heard the speaker.
    pub fn note(&mut self, listener: usize, speaker: usize) {
        self.heard[listener][speaker] = true;
    }

    /// Whether all have heard all others.
    pub fn all(&self) -> bool {
        let count = self.heard.len();
        (0..count).all(|a| (0..count).all(|b| a == b || self.heard[a][b]))
    }

    fn both(&self, a: usize, b: usize) -> bool {
        self.heard[a][b] && self.heard[b][a]
    }

    /// Members that hear each other, directly or through others, the largest set first: among equals the one with the first
    /// member.
    fn links(&self) -> Vec<Vec<usize>> {
        let mut links: Vec<Vec<usize>> = Vec::new();
        for member in 0..self.heard.len() {
            let (joined, mut rest): (Vec<_>, Vec<_>) =
                links.into_iter().partition(|link| link.iter().any(|&other| self.both(member, other)));
            let mut link: Vec<_> = joined.into_iter().flatten().chain([member]).collect();
            link.sort_unstable();
            rest.push(link);
            links = rest;
        }
        links.sort_by_key(|link| (std::cmp::Reverse(link.len()), link[0]));
        links
    }
}

/// What there is to say of a group: `names` are the members that have spoken, `mute` those that could not, and why.
pub fn judge(group: &str, names: &[&str], heard: &Heard, mute: &[(&str, String)]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut say = |severity, text: String| {
        findings.push(Finding { severity, text: format!("group {group}: {text}") });
    };
    for (name, why) in mute {
        say(Severity::Warning, format!("{name} could not be checked: {why}"));
    }
    let list = |members: &[usize]| members.iter().map(|&member| names[member]).collect::<Vec<_>>().join(", ");
    let links = heard.links();
    let (first, others) = match links.split_first() {
        Some((first, others)) if names.len() > 1 => (first, others),
        _ if names.len() + mute.len() > 1 => {
            let text = "fewer than two members have link: whether they share one is not proved";
            say(Severity::Error, text.to_owned());
            return findings;
        }
        _ => {
            say(Severity::Fine, "it has one member: there is nothing to check".to_owned());
            return findings;
        }
    };
    if heard.all() {
        say(Severity::Fine, format!("{} hear each other: they are on one link", list(first)));
    }
    for other in others {
        let (verb, it) = if other.len() == 1 { ("is", "it") } else { ("are", "them") };
        say(
            Severity::Error,
            format!(
                "{} {verb} on another link than {}, for they do not hear each other: connect {it} to the same link, or take \
                 {it} out of the group",
                list(other),
                list(first)
            ),
        );
    }
    for listener in 0..names.len() {
        for speaker in (0..names.len()).filter(|&speaker| speaker != listener) {
            let in_one = links.iter().any(|link| link.contains(&listener) && link.contains(&speaker));
            let back = heard.heard[speaker][listener];
            if !heard.heard[listener][speaker] && (in_one || back) {
                let though = if back { ", though it is heard there" } else { ", though both hear others" };
                let text = format!(
                    "{} does not hear {}{though}: something between them drops broadcasts one way",
                    names[listener], names[speaker]
                );
                say(Severity::Error, text);
            }
        }
    }
    for member in (0..names.len()).filter(|&member| heard.heard[member][member]) {
        let text = format!("what {0} sends comes back to {0}: there is a loop in its link", names[member]);
        say(Severity::Warning, text);
    }
    findings
}

#[cfg(test)]
mod tests;
