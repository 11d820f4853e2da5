//! The load: connections that send one prepared HTTP request after another and wait for each answer.
//!
//! It shares the machine with what it measures, so it does as little as it can: no client library, no parsing beyond the status and
//! the length. Latencies are as the caller sees them, from the first byte sent to the last byte received.

use std::{
    io::ErrorKind,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::Context;
use tokio::net::TcpStream;

use super::rig::quantile_us;

/// What a load saw.
pub(super) struct Load {
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
}

/// A request as it goes over the wire.
pub(super) fn request(method: &str, path: &str, token: &str, body: &str) -> Arc<[u8]> {
    let content = match body {
        "" => String::new(),
        body => format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len()),
    };
    let head = format!("{method} {path} HTTP/1.1\r\nHost: bench\r\nUser-Agent: engage-bench/1\r\n");
    format!("{head}Authorization: Bearer {token}\r\n{content}\r\n{body}").into_bytes().into()
}

/// Sends one request and gives the body of its answer.
pub(super) async fn fetch(address: SocketAddr, request: &[u8]) -> anyhow::Result<Vec<u8>> {
    let stream = TcpStream::connect(address).await?;
    let mut answer = vec![];
    exchange(&stream, request, &mut answer).await?;
    let body = answer.windows(4).position(|window| window == b"\r\n\r\n").map_or(answer.len(), |head| head + 4);
    Ok(answer.split_off(body))
}

/// Sends on one connection for each of `requests`, for about `lasting`.
pub(super) async fn load(address: SocketAddr, requests: &[Arc<[u8]>], lasting: Duration) -> anyhow::Result<Load> {
    let mut streams = vec![];
    for request in requests {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        streams.push((stream, Arc::clone(request)));
    }
    let began = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for (stream, request) in streams {
        senders.spawn(async move {
            let (mut times, mut answer) = (vec![], vec![]);
            let mut sent = Instant::now();
            while sent.duration_since(began) < lasting {
                exchange(&stream, &request, &mut answer).await?;
                let received = Instant::now();
                times.push(received - sent);
                sent = received;
            }
            anyhow::Ok(times)
        });
    }
    let mut times = vec![];
    while let Some(sender) = senders.join_next().await {
        times.extend(sender??);
    }
    let per_second = times.len() as f64 / began.elapsed().as_secs_f64();
    Ok(Load { per_second, p50_us: quantile_us(&mut times, 0.5), p99_us: quantile_us(&mut times, 0.99) })
}

/// Sends a request and reads its answer, which must be a success, into `answer`.
async fn exchange(stream: &TcpStream, request: &[u8], answer: &mut Vec<u8>) -> anyhow::Result<()> {
    let mut rest = request;
    while !rest.is_empty() {
        match stream.try_write(rest) {
            Ok(written) => rest = &rest[written..],
            Err(error) if error.kind() == ErrorKind::WouldBlock => stream.writable().await?,
            Err(error) => return Err(error.into()),
        }
    }
    answer.clear();
    let mut whole = None;
    let mut chunk = [0; 16 * 1024];
    while whole.is_none_or(|length| answer.len() < length) {
        stream.readable().await?;
        match stream.try_read(&mut chunk) {
            Ok(0) => anyhow::bail!("the server closed the connection"),
            Ok(read) => answer.extend_from_slice(&chunk[..read]),
            Err(error) if error.kind() == ErrorKind::WouldBlock => continue,
            Err(error) => return Err(error.into()),
        }
        if whole.is_none() {
            whole = length(answer)?;
        }
    }
    anyhow::ensure!(answer.starts_with(b"HTTP/1.1 2"), "the server answered {}", String::from_utf8_lossy(answer));
    Ok(())
}

/// The length of the whole answer, once its head is there.
fn length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    let Some(head) = answer.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let lines = std::str::from_utf8(&answer[..head])?.lines();
    let length = lines
        .filter_map(|line| line.split_once(':'))
        .find_map(|(name, value)| name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>()));
    Ok(Some(head + 4 + length.context("an answer without Content-Length")??))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_as_long_as_its_head_says() {
        assert_eq!(length(b"HTTP/1.1 200 OK\r\nContent-Le").unwrap(), None);
        assert_eq!(length(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{").unwrap(), Some(40));
        assert!(length(b"HTTP/1.1 200 OK\r\n\r\n").is_err());
    }
}
