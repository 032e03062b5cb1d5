//! Asking a running server for a backup: a socket in the data folder, which only its owner can open.
//!
//! One question and one answer on a connection, each a line of JSON. It is no part of the Kubernetes API, because
//! whoever may read every secret of a server through that must not be able to write files of its owner.

use crate::up::archive;
use crate::up::data::DataFolder;
use anyhow::{Context as _, bail};
use gitsm_apiserver::store::Store;
use serde::{Deserialize, Serialize};
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::fd::AsRawFd as _;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{UnixListener, UnixStream as Connection};

/// Longest question in bytes.
const LONGEST: u64 = 16 * 1024;
/// How long a question may take to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// Longer paths do not fit into an address of a socket.
const LONGEST_PATH: usize = 100;

/// A question.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Question {
    /// Write a backup to this file, which must not exist.
    Backup(PathBuf),
}

/// An answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Answer {
    /// It is done.
    Done,
    /// It is not, because of this.
    Failed(String),
}

/// The address of the socket. Where the path is too long, it goes by way of the open folder.
fn address(data: &DataFolder) -> anyhow::Result<(PathBuf, Option<File>)> {
    let path = data.socket();
    if path.as_os_str().len() <= LONGEST_PATH {
        return Ok((path, None));
    }
    let folder = File::open(data.path()).context("cannot open the data folder")?;
    let name = path.file_name().unwrap_or_default();
    let short = Path::new("/proc/self/fd")
        .join(folder.as_raw_fd().to_string())
        .join(name);
    Ok((short, Some(folder)))
}

/// Answers questions from now on, for as long as the runtime runs.
///
/// # Errors
///
/// When the socket cannot be made.
pub(crate) fn serve(data: &DataFolder, store: Store) -> anyhow::Result<()> {
    // A crash leaves it behind; the folder is ours.
    let _ = fs::remove_file(data.socket());
    let (address, _folder) = address(data)?;
    let listener =
        UnixListener::bind(&address).with_context(|| format!("cannot make {}", data.socket().display()))?;
    fs::set_permissions(data.socket(), fs::Permissions::from_mode(0o600))
        .with_context(|| format!("cannot make {} private", data.socket().display()))?;
    let data = data.clone();
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            let (data, store) = (data.clone(), store.clone());
            tokio::spawn(async move {
                if let Err(error) = talk(connection, data, store).await {
                    tracing::debug!(%error, "a question was not answered");
                }
            });
        }
    });
    Ok(())
}

async fn talk(mut connection: Connection, data: DataFolder, store: Store) -> anyhow::Result<()> {
    let (reader, mut writer) = connection.split();
    let mut line = String::new();
    let mut reader = tokio::io::BufReader::new(reader.take(LONGEST));
    tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let answer = match serde_json::from_str(&line) {
        Ok(Question::Backup(to)) => {
            let done = tokio::task::spawn_blocking(move || archive::write(&data, &store, &to)).await?;
            done.map_or_else(|error| Answer::Failed(format!("{error:#}")), |()| Answer::Done)
        }
        Err(error) => Answer::Failed(format!("not understood: {error}")),
    };
    let mut text = serde_json::to_vec(&answer)?;
    text.push(b'\n');
    writer.write_all(&text).await?;
    Ok(())
}

/// Asks the running server for a backup.
///
/// # Errors
///
/// When it cannot be asked, or the backup cannot be written.
pub(crate) fn ask_for_backup(data: &DataFolder, to: &Path) -> anyhow::Result<()> {
    let (address, _folder) = address(data)?;
    let mut connection = UnixStream::connect(&address).with_context(|| {
        format!(
            "the running server cannot be asked for a backup; stop it with `gitsm down{}` and try again",
            data.option()
        )
    })?;
    let mut text = serde_json::to_vec(&Question::Backup(to.to_owned()))?;
    text.push(b'\n');
    connection
        .write_all(&text)
        .context("the server does not listen")?;
    let mut line = String::new();
    BufReader::new(&connection)
        .read_line(&mut line)
        .context("the server does not answer")?;
    match serde_json::from_str(&line) {
        Ok(Answer::Done) => Ok(()),
        Ok(Answer::Failed(why)) => bail!("{why}"),
        Err(_) => bail!("the server has stopped before the backup was written"),
    }
}
