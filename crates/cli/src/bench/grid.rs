//! The page of the data grid in a large firm: what it costs the server, beside the same rows as JSON.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use engage_app::Engage;
use engage_domain::{
    FirmId,
    firm::{PracticeAreaSettings, SettingsChange},
};
use engage_http::token::TokenKey;
use engage_native::{Options, Platform};
use serde_json::Value;

use super::{
    Figure,
    client::{self, Load},
    http,
    rig::{self, Rig, median, median_of},
    seed,
};

/// What a page may take, 99 of 100 times, in milliseconds.
const PAGE_MS: f64 = 15.0;
/// What a page may weigh before it is compressed: 60 KB.
const PAGE_BYTES: usize = 61_440;

/// Rows of the page, which the list has to be asked for.
const ROWS: u32 = 40;

/// What is asked of the grid, as it stands in the address.
const QUESTIONS: [(&str, &str); 6] = [
    ("default", ""),
    ("status", "status=active"),
    ("area-by-quality", "practiceArea=family_law&sort=dataQualityScore&order=asc"),
    ("by-client", "sort=clientName&order=asc"),
    ("by-beginning", "sort=createdAt"),
    ("conflicts", "status=active&conflictStatus=conflict_detected"),
];

/// The pages and the API of one server.
struct Grid {
    address: SocketAddr,
    token: String,
}

impl Grid {
    fn page(&self, query: &str) -> Arc<[u8]> {
        let head = format!("GET /conversations?{query} HTTP/1.1\r\nHost: bench\r\nUser-Agent: engage-bench/1\r\n");
        format!("{head}Accept: text/html\r\nCookie: __Host-engage={}\r\n\r\n", self.token).into_bytes().into()
    }

    fn list(&self, query: &str) -> Arc<[u8]> {
        client::request("GET", &format!("/api/v1/firm/conversations?{query}&limit={ROWS}"), &self.token, "")
    }

    /// The question for the page behind the first of another.
    async fn second(&self, query: &str) -> anyhow::Result<String> {
        let list: Value = serde_json::from_slice(&client::fetch(self.address, &self.list(query)).await?)?;
        let Some(next) = list["page"]["next"].as_str() else { anyhow::bail!("{query:?} has no second page") };
        Ok(form_urlencoded::Serializer::new(query.to_owned()).append_pair("cursor", next).finish())
    }
}

/// With practice areas, for a filter to choose from.
fn settings() -> anyhow::Result<SettingsChange> {
    let area = |slug: &str| Ok(PracticeAreaSettings { id: slug.parse()?, name: slug.replace('_', " "), goals: vec![] });
    let areas = seed::AREAS.into_iter().map(area).collect::<anyhow::Result<_>>()?;
    Ok(SettingsChange { practice_areas: Some(areas), ..SettingsChange::default() })
}

/// First and second pages, by one reader after another over HTTP on loopback, in a firm of a million conversations; the same rows as JSON in
/// alternating rounds.
pub(super) fn grid(rig: &Rig) -> anyhow::Result<Vec<(String, Figure)>> {
    let size: u64 = rig.size(20_000, 1_000_000);
    let firm: FirmId = "bench".parse()?;
    let folder = rig.path("grid");
    let platform = Platform::open(&folder, Options::default())?;
    rig.tokio.block_on(async {
        platform.create_firm(&firm, "Bench LLP", settings()?).await?;
        rig::settle(&platform, &firm).await
    })?;
    let index = platform.folder().firm(&firm).join("index.db");
    drop(platform);
    for file in ["index.db", "index.db-wal", "index.db-shm"] {
        let _ = std::fs::remove_file(index.with_file_name(file));
    }
    // In the same folder, so on the same disk.
    std::fs::hard_link(seed::once(rig, &firm, size)?, &index)?;

    let key = TokenKey::new(*http::KEY);
    let token = http::token(&key, &firm);
    let platform = Platform::open(&folder, Options::default())?;
    rig.tokio.block_on(rig::settle(&platform, &firm))?;
    let engage = Arc::new(Engage::new(platform, key.as_bytes()));
    let (runtime, address) = http::serve(http::api(&engage, key))?;
    let grid = Grid { address, token };
    let mut figures = vec![];
    for (name, query) in QUESTIONS {
        let second = rig.tokio.block_on(grid.second(query))?;
        for (page, query) in [("first", query), ("second", &second)] {
            let figure = rig.tokio.block_on(measure(rig, &grid, query))?;
            figures.push((format!("grid/{name}/{page}"), figure.with("conversations", size)));
        }
    }
    runtime.shutdown_timeout(Duration::from_secs(2));
    Ok(figures)
}

async fn measure(rig: &Rig, grid: &Grid, query: &str) -> anyhow::Result<Figure> {
    let (page, list) = (grid.page(query), grid.list(query));
    let (rounds, lasting) = (rig.size(3, 7), Duration::from_millis(rig.size(200, 2_000)));
    let bytes = client::fetch(grid.address, &page).await?.len();
    let load = async |request: &Arc<[u8]>| client::load(grid.address, std::slice::from_ref(request), lasting).await;
    let (mut pages, mut lists) = (vec![], vec![]);
    for _ in 0..rounds {
        lists.push(load(&list).await?);
        pages.push(load(&page).await?);
    }
    let p99 = |loads: &[Load]| median_of(loads, |load| load.p99_us) / 1e3;
    let ratio = median(pages.iter().zip(&lists).map(|(page, list)| page.p99_us / list.p99_us).collect());
    let figure = Figure::new(p99(&pages), p99(&lists), ratio, "ms");
    let figure = figure.held_to("<= 15 ms, 60 KB", p99(&pages) <= PAGE_MS && bytes <= PAGE_BYTES);
    let worst = pages.iter().map(|load| load.p99_us).fold(0.0, f64::max) / 1e3;
    Ok(figure
        .with("bytes", bytes)
        .with_number("worst_p99_ms", worst)
        .with_number("p50_ms", median_of(&pages, |load| load.p50_us) / 1e3)
        .with_number("list_p50_ms", median_of(&lists, |load| load.p50_us) / 1e3))
}
