//! Looking after a firm's index: what an operator asks for, beside what runs by itself.

use engage_domain::{FirmId, actor::Permission};
use engage_index::reconciliation::{Rebuilt, Reconciled};

use crate::{Caller, Engage, Error, Resource, Runtime};

impl<R: Runtime> Engage<R> {
    /// Compares the firm's index with its journal and mends it, unless it is a dry run. Answers when that is done; whoever does
    /// not wait finds the run in the audit trail.
    pub async fn reconcile(&self, caller: &Caller, firm: &str, dry_run: bool) -> Result<Reconciled, Error> {
        self.own_firm(caller, firm).await?;
        self.require(caller, Permission::OperatePlatform, Resource::Firm).await?;
        Ok(self.runtime.reconcile(&caller.firm, &caller.actor, dry_run).await?)
    }

    /// Builds the firm's index anew from its journal, beside the one that answers lists meanwhile, and puts it in its place.
    pub async fn rebuild(&self, caller: &Caller, firm: &str) -> Result<Rebuilt, Error> {
        self.own_firm(caller, firm).await?;
        self.require(caller, Permission::OperatePlatform, Resource::Firm).await?;
        Ok(self.runtime.rebuild(&caller.firm, &caller.actor).await?)
    }

    /// Another firm is not there for a caller, and the attempt is on record.
    pub(crate) async fn own_firm(&self, caller: &Caller, firm: &str) -> Result<(), Error> {
        if caller.firm.as_str() == firm {
            return Ok(());
        }
        // Text that is no slug goes no further: entries hold what was named, not whatever was sent.
        let named = firm.parse::<FirmId>().ok().map(|firm| firm.as_str().into());
        self.refuse(caller, Resource::Firm, named, "unknown").await?;
        Err(Error::NotFound(Resource::Firm))
    }
}
