use crate::runtime::Cloudflare;
use engage_app::{Fault, runtime::Health};
use engage_domain::{Actor, FirmId};
use engage_index::reconciliation::{Rebuilt, Reconciled};
impl Cloudflare {
    pub(crate) async fn reconcile_all(&self, _: &FirmId, _: &Actor, _: bool) -> Result<Reconciled, Fault> {
        Err(Fault::Overloaded("x"))
    }
    pub(crate) async fn rebuild_all(&self, _: &FirmId, _: &Actor) -> Result<Rebuilt, Fault> {
        Err(Fault::Overloaded("x"))
    }
    pub(crate) async fn health_of(&self, _: &FirmId) -> Result<Health, Fault> {
        Err(Fault::Overloaded("x"))
    }
}
