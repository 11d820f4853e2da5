//! Consistency tokens: `conversation/01J…@7`, an object at a version. A write answers with one; a list that is given one waits for it.

use std::{fmt, str::FromStr};

use engage_domain::{Aggregate, Invalid, Kind, Version};
use engage_journal::{Answer, ObjectKey};

use crate::runtime::Token;

/// The token of what an answer left.
pub fn token_of<A: Aggregate>(answer: &Answer<A>, version: Version) -> Token {
    Token { object: ObjectKey { kind: A::KIND, name: answer.id.to_string().into() }, version }
}

impl fmt::Display for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}@{}", self.object.kind.as_str(), self.object.name, self.version)
    }
}

impl FromStr for Token {
    type Err = Invalid;

    fn from_str(text: &str) -> Result<Self, Invalid> {
        let parsed = (|| {
            let (kind, rest) = text.split_once('/')?;
            let (name, version) = rest.split_once('@')?;
            let named = !name.is_empty() && name.len() <= engage_domain::id::FIRM_ID_MAX;
            let object = ObjectKey { kind: Kind::parse(kind)?, name: Some(name).filter(|_| named)?.into() };
            // Beyond 2^53 no version exists, and none crosses to every target.
            let version = Version(version.parse().ok().filter(|version| *version < 1 << 53)?);
            Some(Self { object, version })
        })();
        parsed.ok_or_else(|| Invalid::new("must be a consistency token such as conversation/01J…@7"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_reads_as_it_is_written() {
        let text = "conversation/01ARZ3NDEKTSV4RRFFQ69G5FAV@7";
        assert_eq!(text.parse::<Token>().unwrap().to_string(), text);
        for bad in
            ["", "conversation", "conversation/x", "matter/x@1", "user/@1", "user/x@-1", "user/x@99999999999999999"]
        {
            assert!(bad.parse::<Token>().is_err(), "{bad}");
        }
    }
}
