//! What a firm can set, and which values make sense.

use serde::{Deserialize, Serialize};

use super::Rejection;
use crate::{
    conversation::GoalTemplate,
    practice_area::PracticeArea,
    text::{self, Invalid},
};

/// Longest name of a firm or practice area in bytes.
pub const NAME_MAX: usize = 200;
/// Most practice areas of one firm.
pub const PRACTICE_AREAS_MAX: usize = 500;
/// Most goals of one practice area; with the base goals they must fit a conversation.
pub const AREA_GOALS_MAX: usize = 50;
/// Longest retention: a hundred years.
pub const RETENTION_DAYS_MAX: u32 = 36_525;
/// How long a deleted conversation is kept unless the firm says otherwise: seven years, the longest period that US state
/// bars commonly ask for closed client files.
pub const RETENTION_DAYS_DEFAULT: u32 = 2_557;

/// One practice area of a firm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PracticeAreaSettings {
    /// Its slug.
    pub id: PracticeArea,
    /// What people call it.
    pub name: String,
    /// The goals of its conversations, beside the base goals.
    #[serde(default)]
    pub goals: Vec<GoalTemplate>,
}

/// What a firm can set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Settings {
    /// The practice areas, in the firm's order.
    pub practice_areas: Vec<PracticeAreaSettings>,
    /// The IANA time zone in which the firm's days begin.
    pub time_zone: String,
    /// How many days a deleted conversation is kept before it is erased.
    pub retention_days: u32,
    /// Where the firm's data must stay, such as `eu`, in the firm's words; none: anywhere.
    pub jurisdiction: Option<String>,
    /// Whether an intake stops when a conflict of interest is found, until that is resolved. Counts for what is found from then on.
    #[serde(default = "yes", skip_serializing_if = "is_yes")]
    pub freeze_on_conflict: bool,
}

const fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
const fn is_yes(value: &bool) -> bool {
    *value
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            practice_areas: vec![],
            time_zone: "UTC".into(),
            retention_days: RETENTION_DAYS_DEFAULT,
            jurisdiction: None,
            freeze_on_conflict: true,
        }
    }
}

/// A change of settings: what is `None` stays.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SettingsChange {
    /// Another name of the firm.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub name: Option<String>,
    /// The practice areas, all of them.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub practice_areas: Option<Vec<PracticeAreaSettings>>,
    /// Another time zone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub time_zone: Option<String>,
    /// Another retention.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub retention_days: Option<u32>,
    /// Another jurisdiction.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub jurisdiction: Option<String>,
    /// Whether an intake stops when a conflict of interest is found.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub freeze_on_conflict: Option<bool>,
}

pub(super) fn refuse<T>(field: &'static str, reason: impl Into<String>) -> Result<T, Rejection> {
    Err(Rejection::Invalid { field, reason: Invalid::new(reason) })
}

pub(super) fn checked_name(field: &'static str, name: &str) -> Result<String, Rejection> {
    let name = text::line(name, NAME_MAX).map_err(|reason| Rejection::Invalid { field, reason })?;
    Ok(name.to_owned())
}

impl SettingsChange {
    /// Checks and normalises every setting that is present.
    pub(super) fn checked(&self) -> Result<Self, Rejection> {
        if let Some(zone) = &self.time_zone
            && jiff::tz::TimeZoneDatabase::bundled().get(zone).is_err()
        {
            return refuse("timeZone", "must be an IANA time zone such as America/Chicago");
        }
        if let Some(days) = self.retention_days
            && !(1..=RETENTION_DAYS_MAX).contains(&days)
        {
            return refuse("retentionDays", format!("must be between 1 and {RETENTION_DAYS_MAX}"));
        }
        let areas = self.practice_areas.as_deref().map(checked_areas).transpose()?;
        let checked =
            |field, value: &Option<String>| value.as_deref().map(|text| checked_name(field, text)).transpose();
        Ok(Self {
            name: checked("name", &self.name)?,
            practice_areas: areas,
            time_zone: self.time_zone.clone(),
            retention_days: self.retention_days,
            jurisdiction: checked("jurisdiction", &self.jurisdiction)?,
            freeze_on_conflict: self.freeze_on_conflict,
        })
    }

    pub(super) fn apply_to(&self, name: &mut String, settings: &mut Settings) {
        let Self { name: new_name, practice_areas, time_zone, retention_days, jurisdiction, freeze_on_conflict } =
            self.clone();
        if let Some(new_name) = new_name {
            *name = new_name;
        }
        if let Some(practice_areas) = practice_areas {
            settings.practice_areas = practice_areas;
        }
        if let Some(time_zone) = time_zone {
            settings.time_zone = time_zone;
        }
        if let Some(retention_days) = retention_days {
            settings.retention_days = retention_days;
        }
        if jurisdiction.is_some() {
            settings.jurisdiction = jurisdiction;
        }
        if let Some(freeze_on_conflict) = freeze_on_conflict {
            settings.freeze_on_conflict = freeze_on_conflict;
        }
    }
}

fn checked_areas(areas: &[PracticeAreaSettings]) -> Result<Vec<PracticeAreaSettings>, Rejection> {
    const FIELD: &str = "practiceAreas";
    if areas.len() > PRACTICE_AREAS_MAX {
        return refuse(FIELD, format!("must be at most {PRACTICE_AREAS_MAX}"));
    }
    let mut checked: Vec<PracticeAreaSettings> = vec![];
    for area in areas {
        if checked.iter().any(|earlier| earlier.id == area.id) {
            return refuse(FIELD, format!("must name {} once", area.id));
        }
        if area.goals.len() > AREA_GOALS_MAX {
            return refuse(FIELD, format!("must have at most {AREA_GOALS_MAX} goals in {}", area.id));
        }
        for (at, goal) in area.goals.iter().enumerate() {
            goal.check().map_err(|(field, reason)| Rejection::Invalid { field, reason })?;
            let base = GoalTemplate::base();
            if base.iter().chain(&area.goals[..at]).any(|earlier| earlier.id == goal.id) {
                return refuse(FIELD, format!("must set the goal {} of {} once", goal.id, area.id));
            }
        }
        checked.push(PracticeAreaSettings { name: checked_name(FIELD, &area.name)?, ..area.clone() });
    }
    Ok(checked)
}
