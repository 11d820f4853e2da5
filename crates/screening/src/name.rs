//! A name, read: its words, and what each of them is.

use serde::{Deserialize, Serialize};

use crate::{
    fold::{Raw, fold},
    similarity, tables,
};

/// What bears a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// A human being.
    Person,
    /// A company, association, authority.
    Organisation,
    /// A matter, such as `Smith v. Acme Corp`.
    Matter,
    /// Nobody said; guessed from the name where it matters.
    #[default]
    Unknown,
}

/// What a word of a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Class {
    /// A word that says who it is.
    Word = 0,
    /// A single letter.
    Initial = 1,
    /// A number.
    Number = 2,
    /// A small word: `van`, `bin`, `of`.
    Particle = 3,
    /// A legal form; its text is the name of the form's class.
    Legal = 4,
    /// A title, a degree.
    Title = 5,
    /// What tells members of a family apart: `Jr`.
    Suffix = 6,
}

impl Class {
    /// Every class, by its number.
    pub const ALL: [Self; 7] =
        [Self::Word, Self::Initial, Self::Number, Self::Particle, Self::Legal, Self::Title, Self::Suffix];

    /// Whether such a word can tell parties apart, so that parties are found by it.
    pub const fn identifies(self) -> bool {
        matches!(self, Self::Word | Self::Number)
    }

    /// Whether such a word is lined up with the words of another name.
    pub(crate) const fn aligns(self) -> bool {
        matches!(self, Self::Word | Self::Number | Self::Initial | Self::Particle)
    }
}

/// A word of a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Token {
    /// Letters a–z and digits.
    pub text: String,
    /// What it is.
    pub class: Class,
    /// Whether its script leaves vowels out.
    pub bare: bool,
}

/// A name, read. Reading never fails; what has no letter in it has no tokens.
///
/// ```
/// use engage_screening::{Class, Kind, Name};
///
/// let name = Name::read("Dr. Müller-Lüdenscheidt, Jürgen", Kind::Unknown);
/// assert_eq!(name.kind(), Kind::Person);
/// let words: Vec<_> = name.tokens().iter().filter(|token| token.class == Class::Word).map(|token| &*token.text).collect();
/// assert_eq!(words, ["muller", "ludenscheidt", "jurgen"]);
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    kind: Kind,
    tokens: Vec<Token>,
}

impl Name {
    /// Reads a name. A kind that is not known is guessed: an organisation has a legal form or words such as `bank`, and whatever
    /// else is a person.
    pub fn read(text: &str, kind: Kind) -> Self {
        let raws = fold(text);
        let kind = match kind {
            Kind::Unknown => guess(&raws),
            known => known,
        };
        let mut tokens = if kind == Kind::Person { person(&raws) } else { organisation(&raws) };
        if !tokens.iter().any(|token| token.class.identifies()) {
            // Nothing but small words: then they are the name.
            let promoted = tokens.iter().any(|token| matches!(token.class, Class::Initial));
            for token in &mut tokens {
                if !promoted || token.class == Class::Initial {
                    token.class = Class::Word;
                }
            }
        }
        Self { kind, tokens }
    }

    /// The kind, as given or as guessed.
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    pub(crate) fn into_tokens(self) -> Vec<Token> {
        self.tokens
    }

    /// Its words, in their order.
    pub fn tokens(&self) -> &[Token] {
        &self.tokens
    }
}

fn guess(raws: &[Raw]) -> Kind {
    let words: Vec<&str> = raws.iter().map(|raw| raw.text.as_str()).collect();
    if words.iter().any(|word| matches!(*word, "v" | "vs" | "versus")) && words.len() > 2 {
        return Kind::Matter;
    }
    let legal = (1..words.len()).any(|at| {
        tables::legal_form(&words[at..]).is_some_and(|(_, taken)| at + taken == words.len() && words[at].len() > 1)
            && (!tables::is_particle(words[at]) || raws[at].dotted)
    }) || (words.len() > 1 && matches!(words[0], "pt" | "oao" | "ooo" | "zao" | "pao" | "jsc" | "ao"));
    let common = words.iter().filter(|word| word.len() > 2 && tables::commonness(word) > 0.0).count();
    let digits = words.iter().any(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
    let joined = words.contains(&"and");
    if legal || common >= 1 || digits || joined { Kind::Organisation } else { Kind::Person }
}

fn token(text: &str, class: Class, bare: bool) -> Token {
    Token { text: text.to_owned(), class, bare }
}

fn class_of(raw: &Raw) -> Class {
    if raw.text.bytes().all(|byte| byte.is_ascii_digit()) {
        Class::Number
    } else if raw.text.len() == 1 || raw.single {
        Class::Initial
    } else {
        Class::Word
    }
}

fn person(raws: &[Raw]) -> Vec<Token> {
    let mut tokens = Vec::with_capacity(raws.len());
    let last = raws.len().saturating_sub(1);
    // In `Smith, Jr., John` and `Smith, John` the comma says where the surname ends; the words themselves say no less.
    for (at, raw) in raws.iter().enumerate() {
        let text = raw.text.as_str();
        if raw.dotted && text.len() <= 3 && (at == 0 || !tables::is_degree(text)) {
            tokens.extend(text.chars().map(|c| token(c.encode_utf8(&mut [0; 4]), Class::Initial, raw.bare)));
            continue;
        }
        let class = if raw.bare {
            class_of(raw)
        } else if at > 1 && tables::is_suffix(text) || at > 0 && matches!(text, "jr" | "sr" | "snr") {
            Class::Suffix
        } else if (tables::is_title(text) || tables::is_degree(text)) && title_here(raws, at, last) {
            Class::Title
        } else if text.len() > 1 && tables::is_particle(text) && !given_name_here(raws, at) {
            Class::Particle
        } else {
            class_of(raw)
        };
        tokens.push(token(text, class, raw.bare));
    }
    tokens
}

/// Whether a particle that is a given name too (`Al`, `Ben`, `Di`) is one where it stands: first, without a comma in the name.
fn given_name_here(raws: &[Raw], at: usize) -> bool {
    at == 0
        && !raws[0].hyphen
        && (raws.len() == 2 || !tables::nicknames(&raws[0].text).is_empty())
        && !raws.iter().any(|raw| raw.comma)
}

/// Whether a word that can be a title is one where it stands: before the name or behind it, and something is left without it.
fn title_here(raws: &[Raw], at: usize, last: usize) -> bool {
    let leading = raws[..at].iter().all(|raw| tables::is_title(&raw.text)) || raws[at - 1].comma;
    let trailing = raws[at..].iter().all(|raw| tables::is_degree(&raw.text) || tables::is_suffix(&raw.text));
    (tables::is_title(&raws[at].text) && leading && at < last) || (trailing && at > 1)
}

fn organisation(raws: &[Raw]) -> Vec<Token> {
    // Registers add where or how a company is listed: `/DE/`, `/ADR`.
    let tags =
        raws.iter().rev().take_while(|raw| raw.slash && raw.text.len() <= 3).count().min(raws.len().saturating_sub(1));
    let tagged =
        if tables::legal_form(&raws[raws.len() - tags..].iter().map(|raw| raw.text.as_str()).collect::<Vec<_>>())
            .is_some()
        {
            0
        } else {
            tags
        };
    let (raws, tags) = raws.split_at(raws.len() - tagged);
    let mut tokens: Vec<Token> = Vec::with_capacity(raws.len());
    let words: Vec<&str> = raws.iter().map(|raw| raw.text.as_str()).collect();
    let mut at = 0;
    while at < raws.len() {
        let raw = &raws[at];
        let form = tables::legal_form(&words[at..]).or_else(|| slipped(&words, at)).filter(|_| !raw.bare);
        if let Some((class, taken)) = form.filter(|(_, taken)| legal_here(&words, at, *taken)) {
            // A form of several parts (`Co., Ltd.`) is told by the last.
            tokens.push(token(class, Class::Legal, false));
            at += taken;
            continue;
        }
        let small = tables::is_stop(&raw.text) || slipped_short(&words, at);
        let class = if small && !raw.bare { Class::Particle } else { class_of(raw) };
        tokens.push(token(&raw.text, class, raw.bare));
        at += 1;
    }
    tokens.extend(tags.iter().map(|raw| token(&raw.text, Class::Particle, raw.bare)));
    tokens
}

/// A legal form that is written out, with a slip in it, at the end of a name.
fn slipped(words: &[&str], at: usize) -> Option<(&'static str, usize)> {
    const LONG: [(&str, &str); 6] = [
        ("company", "co"),
        ("limited", "ltd"),
        ("corporation", "corp"),
        ("incorporated", "inc"),
        ("aktiengesellschaft", "ag"),
        ("partnership", "lp"),
    ];
    let word = words[at];
    let last = at > 0 && at + 1 == words.len() && word.len() > 5;
    let close = |form: &str| similarity::osa(word.as_bytes(), form.as_bytes(), 1).is_some();
    let found = LONG.iter().find(|(form, _)| last && close(form))?;
    (word != "compact").then_some((found.1, 1))
}

/// Whether the last word of a name may be a short legal form with a slip in it (`Ihnc`). It may also be a word (`Ink`): it says little, but is
/// not dropped.
fn slipped_short(words: &[&str], at: usize) -> bool {
    const SHORT: [&str; 5] = ["inc", "corp", "ltd", "llc", "plc"];
    let word = words[at];
    at > 0
        && at + 1 == words.len()
        && matches!(word.len(), 3..=5)
        && SHORT.iter().any(|form| similarity::osa(word.as_bytes(), form.as_bytes(), 1).is_some())
}

/// Whether words that can be a legal form are one where they stand: at the end, with nothing but forms behind them, or before
/// the name as in Russia and Indonesia.
fn legal_here(words: &[&str], at: usize, taken: usize) -> bool {
    let mut end = at + taken;
    while end < words.len() {
        match tables::legal_form(&words[end..]) {
            Some((_, more)) => end += more,
            // A register's mark: `Inc Mn`.
            None if at > 0 && words[at].len() > 2 && end + 1 == words.len() && words[end].len() <= 2 => end += 1,
            None if tables::is_stop(words[end]) && words[end].len() > 1 => end += 1,
            None => return at == 0 && words.len() > taken && matches!(words[0].len(), 2..=4) || long(words, at, taken),
        }
    }
    at > 0 || long(words, at, taken)
}

/// A spelled-out form of several words is one wherever it stands.
fn long(words: &[&str], at: usize, taken: usize) -> bool {
    taken > 1 && words.len() > taken && words[at].len() > 3
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str, kind: Kind) -> Vec<String> {
        let name = Name::read(text, kind);
        name.tokens().iter().filter(|token| token.class.aligns()).map(|token| token.text.clone()).collect()
    }

    #[test]
    fn titles_and_suffixes_are_apart() {
        assert_eq!(words("Mr. Amy Lowery III", Kind::Person), ["amy", "lowery"]);
        assert_eq!(words("Smith, Dr. John, Esq.", Kind::Person), ["smith", "john"]);
        assert_eq!(words("King, Martin Luther", Kind::Person), ["king", "martin", "luther"]);
        assert_eq!(words("Don", Kind::Person), ["don"]);
    }

    #[test]
    fn legal_forms_are_apart() {
        assert_eq!(words("Siemens Aktiengesellschaft", Kind::Unknown), ["siemens"]);
        assert_eq!(words("OAO Gazprom", Kind::Unknown), ["gazprom"]);
        assert_eq!(words("Shanghai Shpg Co., Ltd.", Kind::Organisation), ["shanghai", "shpg"]);
        assert_eq!(words("Acme, S.A. de C.V.", Kind::Organisation), ["acme"]);
        assert_eq!(words("Limited", Kind::Organisation), ["limited"]);
    }

    #[test]
    fn kinds_are_guessed() {
        let kind = |text| Name::read(text, Kind::Unknown).kind();
        assert_eq!(kind("Siemens AG"), Kind::Organisation);
        assert_eq!(kind("Bank Rossiya"), Kind::Organisation);
        assert_eq!(kind("Olaf Scholz"), Kind::Person);
        assert_eq!(kind("Smith v. Acme Corp"), Kind::Matter);
    }

    #[test]
    fn dotted_letters_are_initials_of_a_person_and_a_word_of_a_company() {
        assert_eq!(words("J.K. Rowling", Kind::Person), ["j", "k", "rowling"]);
        assert_eq!(words("L.X.C Aviation", Kind::Organisation), ["lxc", "aviation"]);
    }
}
