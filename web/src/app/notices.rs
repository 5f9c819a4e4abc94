//! Sentences to the person: what failed until it is dismissed or tried again, news for a while, offers until they are
//! taken or void.

use super::command::Command;

/// More than so many sentences are too many to read; those that offer something to do do not count.
const MOST: usize = 4;

/// How serious a notice is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something did not work; stays until it is dismissed or the next attempt.
    Error,
    /// Worth knowing; goes after a while unless it offers something to do.
    Info,
}

/// What a notice offers to do.
#[derive(Clone, Debug, PartialEq)]
pub struct Offer {
    /// On the button.
    pub label: &'static str,
    /// What the button does.
    pub command: Command,
}

/// A sentence to the person.
#[derive(Clone, Debug, PartialEq)]
pub struct Notice {
    /// Its number.
    pub id: u32,
    /// How serious.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// One line a file, where files were refused; with a single one the sentence says it all.
    pub list: Vec<String>,
    /// What can be done about it.
    pub offer: Option<Offer>,
}

/// All sentences on the screen.
#[derive(Clone, Debug, Default)]
pub struct Notices {
    list: Vec<Notice>,
    last_id: u32,
}

impl Notices {
    /// The one that is on the screen: the newest of those that say what failed, else the newest; the others follow as it goes.
    pub fn current(&self) -> Option<&Notice> {
        let failure = self.list.iter().rfind(|notice| notice.tone == Tone::Error);
        failure.or(self.list.last())
    }

    /// Whether there is a sentence that disappears after a while.
    pub fn has_news(&self) -> bool {
        let is_news = |notice: &Notice| notice.tone == Tone::Info && notice.offer.is_none();
        self.list.iter().any(is_news)
    }

    /// How many wait behind it.
    pub fn waiting(&self) -> usize {
        self.list.len().saturating_sub(1)
    }

    /// All, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Notice> {
        self.list.iter()
    }

    /// Says something, in the place of the same sentence or the same offer; news without an offer also in the place of other
    /// such news. Returns its number.
    pub fn tell(&mut self, tone: Tone, text: String, offer: Option<Offer>) -> u32 {
        let is_news = |tone: Tone, offer: &Option<Offer>| tone == Tone::Info && offer.is_none();
        let replaces_news = is_news(tone, &offer);
        self.list.retain(|notice| {
            notice.text != text
                && (offer.is_none() || notice.offer != offer)
                && !(replaces_news && is_news(notice.tone, &notice.offer))
        });
        self.push(tone, text, Vec::new(), offer)
    }

    /// Says that a file was refused. Refusals are one notice with a list, in which each can be read.
    pub fn refuse(&mut self, refusal: String) {
        let is_refusal = |notice: &Notice| notice.tone == Tone::Error && !notice.list.is_empty();
        let mut list = match self.list.iter().position(is_refusal) {
            Some(place) => self.list.remove(place).list,
            None => Vec::new(),
        };
        list.retain(|line| *line != refusal);
        list.push(refusal);
        let text = match list.as_slice() {
            [only] => only.clone(),
            all => format!("{} files could not be opened.", all.len()),
        };
        self.push(Tone::Error, text, list, None);
    }

    /// Takes a sentence off the screen.
    pub fn dismiss(&mut self, id: u32) {
        self.list.retain(|notice| notice.id != id);
    }

    /// Takes a sentence off the screen that is no longer true.
    pub fn take_back(&mut self, text: &str) {
        self.list.retain(|notice| notice.text != text);
    }

    /// A new attempt: what went wrong before no longer matters, unless there is still something to do about it.
    pub fn forget_errors(&mut self) {
        self.list
            .retain(|notice| notice.tone != Tone::Error || notice.offer.is_some());
    }

    /// There is no longer a reason to offer this.
    pub fn withdraw(&mut self, command: &Command) {
        self.list.retain(|notice| {
            notice
                .offer
                .as_ref()
                .is_none_or(|offer| offer.command != *command)
        });
    }

    fn push(&mut self, tone: Tone, text: String, list: Vec<String>, offer: Option<Offer>) -> u32 {
        self.last_id += 1;
        self.list.push(Notice {
            id: self.last_id,
            tone,
            text,
            list,
            offer,
        });
        for lesser in [Tone::Info, Tone::Error] {
            let is_lesser = |notice: &Notice| {
                notice.offer.is_none() && notice.tone == lesser && notice.id != self.last_id
            };
            while self.plain() > MOST
                && let Some(place) = self.list.iter().position(is_lesser)
            {
                self.list.remove(place);
            }
        }
        self.last_id
    }

    fn plain(&self) -> usize {
        self.list
            .iter()
            .filter(|notice| notice.offer.is_none())
            .count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(notices: &Notices) -> Vec<&str> {
        notices.iter().map(|notice| notice.text.as_str()).collect()
    }

    fn update() -> Option<Offer> {
        Some(Offer {
            label: "Update now",
            command: Command::Update,
        })
    }

    #[test]
    fn every_refusal_can_be_read_in_one_notice() {
        let mut notices = Notices::default();
        for name in ["a", "b", "c", "d", "e", "f", "g", "h"] {
            notices.refuse(format!("{name}.txt: This is not an image."));
        }
        assert_eq!(texts(&notices), ["8 files could not be opened."]);
        let lines: usize = notices.iter().map(|notice| notice.list.len()).sum();
        assert_eq!(lines, 8);
    }

    #[test]
    fn an_offer_is_not_pushed_out_by_news_or_errors() {
        let mut notices = Notices::default();
        notices.tell(Tone::Info, "Update available.".to_owned(), update());
        for number in 0..9 {
            notices.tell(Tone::Error, format!("Error {number}."), None);
            notices.tell(Tone::Info, format!("News {number}."), None);
        }
        assert_eq!(texts(&notices)[0], "Update available.");
        assert_eq!(notices.iter().count(), 1 + MOST);
    }

    #[test]
    fn one_is_on_the_screen_at_a_time_failures_first_and_news_replace_news() {
        let mut notices = Notices::default();
        notices.tell(Tone::Error, "It failed.".to_owned(), None);
        notices.tell(Tone::Info, "Saved.".to_owned(), None);
        notices.tell(Tone::Info, "Copied.".to_owned(), None);
        assert_eq!(texts(&notices), ["It failed.", "Copied."]);
        let current = |notices: &Notices| notices.current().map(|notice| notice.text.clone());
        assert_eq!(current(&notices).as_deref(), Some("It failed."));
        notices.forget_errors();
        assert_eq!(current(&notices).as_deref(), Some("Copied."));
        assert_eq!(notices.waiting(), 0);
    }

    #[test]
    fn an_offer_is_made_once() {
        let mut notices = Notices::default();
        notices.tell(Tone::Info, "Update available.".to_owned(), update());
        notices.tell(
            Tone::Info,
            "Another update is available.".to_owned(),
            update(),
        );
        assert_eq!(texts(&notices), ["Another update is available."]);
        notices.withdraw(&Command::Update);
        assert_eq!(notices.iter().count(), 0);
    }

    #[test]
    fn a_new_attempt_clears_errors_but_not_what_can_still_be_done() {
        let mut notices = Notices::default();
        notices.tell(Tone::Error, "It failed.".to_owned(), None);
        notices.tell(Tone::Error, "Try again.".to_owned(), update());
        notices.forget_errors();
        assert_eq!(texts(&notices), ["Try again."]);
    }
}
