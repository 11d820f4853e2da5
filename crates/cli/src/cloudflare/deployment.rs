//! `wrangler.jsonc`: which firms a deployment has, where they are kept, and the databases that are bound for them. Comments and layout stay.

use std::{
    collections::BTreeSet,
    io::Write,
    path::{Path, PathBuf},
};

use anyhow::Context;
use engage_app::placement::{Placement, Placements, binding, bound_firm};
use engage_domain::FirmId;
use jsonc_parser::{
    ParseOptions,
    cst::{CstInputValue, CstObject, CstRootNode},
    json,
};

use crate::exit::{Exit, failed};

/// The variable that names the firms that are looked after each night.
const FIRMS: &str = "ENGAGE_FIRMS";
/// The variable that says where firms are kept.
const PLACEMENT: &str = "ENGAGE_PLACEMENT";

/// A deployment's configuration.
pub(crate) struct Deployment {
    path: PathBuf,
    root: CstRootNode,
    firms: BTreeSet<FirmId>,
    placements: Placements,
}

/// The database that is bound for a firm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bound {
    /// Its name.
    pub(crate) database: String,
    /// Its id; none where none was made on Cloudflare yet.
    pub(crate) id: Option<String>,
}

impl Deployment {
    /// Reads a configuration.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let text = std::fs::read_to_string(path).map_err(|error| {
            let exit = if error.kind() == std::io::ErrorKind::NotFound { Exit::NotFound } else { Exit::Failure };
            failed(exit, format!("{}: {error}; name the deployment's wrangler.jsonc with --config", path.display()))
        })?;
        Self::parse(path, &text).map_err(|error| failed(Exit::Usage, format!("{}: {error:#}", path.display())))
    }

    fn parse(path: &Path, text: &str) -> anyhow::Result<Self> {
        let root = CstRootNode::parse(text, &ParseOptions::default())?;
        root.object_value().context("must be an object")?;
        let mut deployment =
            Self { path: path.to_owned(), root, firms: BTreeSet::new(), placements: Placements::default() };
        deployment.name()?;
        let Some(vars) = deployment.object().object_value("vars") else { return Ok(deployment) };
        if let Some(firms) = vars.get(FIRMS) {
            let firms = firms.to_serde_value();
            let firms = firms.as_ref().and_then(|firms| firms.as_str());
            let firms = firms.with_context(|| format!("vars.{FIRMS} must be a text"))?;
            for firm in firms.split(',').map(str::trim).filter(|firm| !firm.is_empty()) {
                let firm = firm.parse().map_err(|why| anyhow::anyhow!("vars.{FIRMS}: {firm:?} {why}"))?;
                deployment.firms.insert(firm);
            }
        }
        if let Some(placements) = vars.get(PLACEMENT) {
            let placements = placements.to_serde_value().unwrap_or_default();
            deployment.placements = serde_json::from_value(placements).with_context(|| format!("vars.{PLACEMENT}"))?;
        }
        Ok(deployment)
    }

    /// Where it is.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn object(&self) -> CstObject {
        self.root.object_value_or_set()
    }

    /// The Worker's name, with which the names of its databases begin, so that two deployments of one account never share any.
    fn name(&self) -> anyhow::Result<String> {
        let name = self.object().get("name").and_then(|name| name.to_serde_value());
        let name = name.as_ref().and_then(|name| name.as_str()).filter(|name| !name.is_empty());
        name.map(str::to_owned).context("name must be the Worker's name")
    }

    /// What a firm's database is called unless it is bound already.
    pub(crate) fn database_name(&self, firm: &FirmId) -> anyhow::Result<String> {
        Ok(format!("{}-{firm}", self.name()?))
    }

    fn databases(&self) -> Vec<CstObject> {
        let databases = self.object().array_value("d1_databases");
        databases.iter().flat_map(|databases| databases.elements()).filter_map(|entry| entry.as_object()).collect()
    }

    /// The firms that are named or have a database bound.
    pub(crate) fn firms(&self) -> BTreeSet<FirmId> {
        let bound = self.databases().into_iter().filter_map(|entry| bound_firm(&text(&entry, "binding")?));
        bound.chain(self.firms.iter().cloned()).collect()
    }

    /// Whether a firm is looked after each night.
    pub(crate) fn names(&self, firm: &FirmId) -> bool {
        self.firms.contains(firm)
    }

    /// The database that is bound for a firm.
    pub(crate) fn bound(&self, firm: &FirmId) -> anyhow::Result<Option<Bound>> {
        let Some(entry) = self.entry(firm) else { return Ok(None) };
        let database = text(&entry, "database_name");
        let database = database.with_context(|| format!("{} has no database_name", binding(firm)))?;
        Ok(Some(Bound { database, id: text(&entry, "database_id").filter(|id| !id.is_empty()) }))
    }

    fn entry(&self, firm: &FirmId) -> Option<CstObject> {
        let binding = binding(firm);
        self.databases().into_iter().find(|entry| text(entry, "binding").as_ref() == Some(&binding))
    }

    /// Where a firm is kept.
    pub(crate) fn placement(&self, firm: &FirmId) -> Placement {
        self.placements.get(firm).copied().unwrap_or_default()
    }

    /// Says where a firm is kept, and saves that.
    pub(crate) fn place(&mut self, firm: &FirmId, placement: Placement) -> anyhow::Result<()> {
        if self.placement(firm) == placement {
            return Ok(());
        }
        let vars = self.object().object_value_or_set("vars");
        let placements = vars.object_value_or_set(PLACEMENT);
        let mut words = vec![];
        if let Some(jurisdiction) = placement.jurisdiction {
            words.push(("jurisdiction".to_owned(), jurisdiction.as_str().into()));
        }
        if let Some(location) = placement.location {
            words.push(("location".to_owned(), location.as_str().into()));
        }
        let words = CstInputValue::Object(words);
        match placements.get(firm.as_str()) {
            Some(known) => known.set_value(words),
            None => drop(placements.append(firm.as_str(), words)),
        }
        self.placements.insert(firm.clone(), placement);
        self.save()
    }

    /// Binds a firm's database, names the firm, and saves that.
    pub(crate) fn bind(&mut self, firm: &FirmId, bound: &Bound) -> anyhow::Result<()> {
        match (self.entry(firm), &bound.id) {
            (Some(entry), Some(id)) => match entry.get("database_id") {
                Some(known) => known.set_value(json!(id.as_str())),
                None => drop(entry.append("database_id", json!(id.as_str()))),
            },
            (Some(_), None) => {}
            (None, id) => {
                let mut entry = vec![
                    ("binding".to_owned(), binding(firm).into()),
                    ("database_name".to_owned(), bound.database.as_str().into()),
                ];
                entry.extend(id.iter().map(|id| ("database_id".to_owned(), id.as_str().into())));
                let databases = self.object().array_value_or_set("d1_databases");
                databases.ensure_multiline();
                databases.append(CstInputValue::Object(entry));
            }
        }
        if self.firms.insert(firm.clone()) {
            let firms = self.firms.iter().map(FirmId::as_str).collect::<Vec<_>>().join(",");
            let vars = self.object().object_value_or_set("vars");
            match vars.get(FIRMS) {
                Some(known) => known.set_value(json!(firms)),
                None => drop(vars.append(FIRMS, json!(firms))),
            }
        }
        self.save()
    }

    /// Writes the file whole or not at all.
    fn save(&self) -> anyhow::Result<()> {
        let text = self.root.to_string();
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let written = (|| {
            let mut file = tempfile::NamedTempFile::new_in(folder.unwrap_or(Path::new(".")))?;
            file.write_all(text.as_bytes())?;
            if let Ok(known) = std::fs::metadata(&self.path) {
                std::fs::set_permissions(file.path(), known.permissions())?;
            }
            file.as_file().sync_all()?;
            file.persist(&self.path).map_err(|error| error.error)
        })();
        written.map(drop).with_context(|| format!("cannot write {}", self.path.display()))
    }
}

fn text(object: &CstObject, name: &str) -> Option<String> {
    object.get(name)?.to_serde_value()?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = r#"// How it is deployed.
{
  "name": "intake", // the Worker
  "vars": { "ENGAGE_FIRMS": "zenith" },
  // One entry a firm.
  "d1_databases": [
    { "binding": "FIRM_ZENITH", "database_name": "other", "database_id": "z-1" }, // the first
    { "binding": "CACHE", "database_name": "cache", "database_id": "c-1" },
  ],
}
"#;

    fn firm(slug: &str) -> FirmId {
        slug.parse().unwrap()
    }

    #[test]
    fn firms_are_added_and_what_people_wrote_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrangler.jsonc");
        std::fs::write(&path, TEXT).unwrap();
        let mut deployment = Deployment::read(&path).unwrap();
        assert_eq!(deployment.firms().into_iter().collect::<Vec<_>>(), [firm("zenith")]);
        assert_eq!(deployment.bound(&firm("zenith")).unwrap().unwrap().database, "other");
        let acme = firm("acme-llp");
        assert_eq!(deployment.bound(&acme).unwrap(), None);
        let eu = Placement { jurisdiction: Some("eu".parse().unwrap()), location: None };
        deployment.place(&acme, eu).unwrap();
        let bound = Bound { database: deployment.database_name(&acme).unwrap(), id: None };
        deployment.bind(&acme, &bound).unwrap();
        // As one that is made anew sees it, and once it has an id.
        let mut deployment = Deployment::read(&path).unwrap();
        assert_eq!(deployment.bound(&acme).unwrap(), Some(bound.clone()));
        assert_eq!((deployment.placement(&acme), deployment.names(&acme)), (eu, true));
        let bound = Bound { id: Some("a-1".into()), ..bound };
        deployment.bind(&acme, &bound).unwrap();
        deployment.bind(&acme, &bound).unwrap();
        let expected = r#"// How it is deployed.
{
  "name": "intake", // the Worker
  "vars": {
    "ENGAGE_FIRMS": "acme-llp,zenith",
    "ENGAGE_PLACEMENT": {
      "acme-llp": {
        "jurisdiction": "eu"
      }
    }
  },
  // One entry a firm.
  "d1_databases": [
    { "binding": "FIRM_ZENITH", "database_name": "other", "database_id": "z-1" }, // the first
    { "binding": "CACHE", "database_name": "cache", "database_id": "c-1" },
    {
      "binding": "FIRM_ACME_LLP",
      "database_name": "intake-acme-llp",
      "database_id": "a-1",
    },
  ],
}
"#;
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected);
    }

    #[test]
    fn an_empty_configuration_becomes_one_with_a_firm() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrangler.jsonc");
        std::fs::write(&path, r#"{"name":"engage","d1_databases":[]}"#).unwrap();
        let mut deployment = Deployment::read(&path).unwrap();
        let bound = Bound { database: "engage-acme".into(), id: Some("a-1".into()) };
        deployment.bind(&firm("acme"), &bound).unwrap();
        let deployment = Deployment::read(&path).unwrap();
        assert_eq!(deployment.bound(&firm("acme")).unwrap(), Some(bound));
        assert!(deployment.names(&firm("acme")));
    }

    #[test]
    fn what_is_wrong_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("wrangler.jsonc");
        let refused = |text: &str| {
            std::fs::write(&path, text).unwrap();
            Deployment::read(&path).err().unwrap().to_string()
        };
        for (text, named) in [
            ("[]", "must be an object"),
            ("{", "line 1"),
            ("{}", "name must be"),
            (r#"{"name":"engage","vars":{"ENGAGE_FIRMS":7}}"#, "vars.ENGAGE_FIRMS must be a text"),
            (r#"{"name":"engage","vars":{"ENGAGE_FIRMS":"acme,A B"}}"#, "\"A B\""),
            (r#"{"name":"engage","vars":{"ENGAGE_PLACEMENT":{"acme":{"jurisdiction":"mars"}}}}"#, "mars"),
        ] {
            let said = refused(text);
            assert!(said.contains(named), "{text}: {said}");
        }
        assert!(Deployment::read(&folder.path().join("none")).err().unwrap().to_string().contains("--config"));
    }
}
