//! The smallest HTTP client that keeps its connection: what it costs should not be measured with what is measured.

use std::net::SocketAddr;

use anyhow::Context as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// A connection to the server.
pub(super) struct Caller {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Caller {
    pub(super) async fn new(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(64 * 1024) })
    }

    pub(super) async fn get(&mut self, path: &str) -> anyhow::Result<&[u8]> {
        self.call(format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n").as_bytes()).await
    }

    pub(super) async fn post_form(&mut self, path: &str, form: &str) -> anyhow::Result<&[u8]> {
        let head = format!(
            "POST {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        );
        self.call(head.as_bytes()).await
    }

    /// Sends a call and answers the body of a 200 whose length is told. Any other answer is an error.
    async fn call(&mut self, call: &[u8]) -> anyhow::Result<&[u8]> {
        self.stream.write_all(call).await?;
        self.buffer.clear();
        loop {
            anyhow::ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            let Some(end) = self.buffer.windows(4).position(|w| w == b"\r\n\r\n") else { continue };
            let head = String::from_utf8_lossy(&self.buffer[..end]).to_ascii_lowercase();
            let length: usize = head
                .lines()
                .find_map(|line| line.strip_prefix("content-length:"))
                .and_then(|n| n.trim().parse().ok())
                .context("an answer without its length")?;
            while self.buffer.len() < end + 4 + length {
                anyhow::ensure!(self.stream.read_buf(&mut self.buffer).await? > 0, "the server closed the connection");
            }
            let body = &self.buffer[end + 4..];
            anyhow::ensure!(
                head.starts_with("http/1.1 200"),
                "the server answered {}: {}",
                head.lines().next().unwrap_or_default(),
                String::from_utf8_lossy(body)
            );
            return Ok(body);
        }
    }
}
