//! Files of the store: disc images, previews, papers. A file is there whole under its key, or not at all.

use crate::StoreError;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A folder of files by key, such as `disc/FD8K2M4T1.iso`.
#[derive(Clone, Debug)]
pub struct Blobs {
    root: Arc<PathBuf>,
}

/// An open file.
#[derive(Debug)]
pub struct Blob {
    /// To read from: implements `AsyncRead` and `AsyncSeek`.
    pub file: tokio::fs::File,
    /// Its length.
    pub len: u64,
}

/// Copying is flushed this often, so that a large image does not stop everything else at its end.
const FLUSH: usize = 4 << 20;

/// Where a file is written before it gets its key; nothing in it is ever served.
const PARTIAL: &str = ".partial";

impl Blobs {
    pub(crate) async fn at(root: &Path) -> Result<Blobs, StoreError> {
        let root = root.to_owned();
        blocking(move || {
            let partial = root.join(PARTIAL);
            fs::create_dir_all(&partial).map_err(StoreError::file("could not make the folder", &partial))?;
            Ok(Blobs { root: Arc::new(root) })
        })
        .await
    }

    /// Takes the file at `from` over as the blob `key`: moved when it can be, else copied and removed. Durable when it returns.
    /// An earlier blob of that key is replaced in one step.
    ///
    /// # Errors
    /// The key is not one, or a file cannot be written; `from` is then still there.
    pub async fn put_file(&self, key: &str, from: &Path) -> Result<(), StoreError> {
        let (to, from, this) = (self.path(key)?, from.to_owned(), self.clone());
        blocking(move || {
            this.make_parent(&to)?;
            let file = File::open(&from).map_err(StoreError::file("could not open", &from))?;
            file.sync_all().map_err(StoreError::file("could not flush", &from))?;
            if fs::rename(&from, &to).is_err() {
                // Another file system.
                this.copy_in(&file, &to)?;
                fs::remove_file(&from).map_err(StoreError::file("could not remove", &from))?;
            }
            this.sync_parent(&to)
        })
        .await
    }

    /// Copies the file at `from`, which stays, as the blob `key`. Durable when it returns.
    pub(crate) async fn put_copy(&self, key: &str, from: &Path) -> Result<(), StoreError> {
        let (to, from, this) = (self.path(key)?, from.to_owned(), self.clone());
        blocking(move || {
            this.make_parent(&to)?;
            let file = File::open(&from).map_err(StoreError::file("could not open", &from))?;
            this.copy_in(&file, &to)?;
            this.sync_parent(&to)
        })
        .await
    }

    fn copy_in(&self, file: &File, to: &Path) -> Result<(), StoreError> {
        let partial = self.partial();
        copy(file, &partial).map_err(|error| {
            drop(fs::remove_file(&partial));
            StoreError::file("could not write", &partial)(error)
        })?;
        fs::rename(&partial, to).map_err(StoreError::file("could not rename to", to))
    }

    /// Writes bytes as the blob `key`. Durable when it returns.
    ///
    /// # Errors
    /// The key is not one, or the file cannot be written.
    pub async fn put_bytes(&self, key: &str, bytes: Vec<u8>) -> Result<(), StoreError> {
        let (to, this) = (self.path(key)?, self.clone());
        blocking(move || {
            this.make_parent(&to)?;
            let partial = this.partial();
            let write = || {
                let mut file = File::create_new(&partial)?;
                file.write_all(&bytes)?;
                file.sync_all()
            };
            write().map_err(|error| {
                drop(fs::remove_file(&partial));
                StoreError::file("could not write", &partial)(error)
            })?;
            fs::rename(&partial, &to).map_err(StoreError::file("could not rename to", &to))?;
            this.sync_parent(&to)
        })
        .await
    }

    /// Opens a blob.
    ///
    /// # Errors
    /// [`StoreError::NoBlob`] when there is none.
    pub async fn open(&self, key: &str) -> Result<Blob, StoreError> {
        let path = self.path(key)?;
        let file = tokio::fs::File::open(&path).await.map_err(|error| missing(key, &path, error))?;
        let len = file.metadata().await.map_err(StoreError::file("could not read", &path))?.len();
        Ok(Blob { file, len })
    }

    /// Whether a blob is there.
    ///
    /// # Errors
    /// The key is not one, or the folder cannot be read.
    pub async fn contains(&self, key: &str) -> Result<bool, StoreError> {
        let path = self.path(key)?;
        tokio::fs::try_exists(&path).await.map_err(StoreError::file("could not read", &path))
    }

    /// Removes a blob; none is no error.
    ///
    /// # Errors
    /// The key is not one, or the file cannot be removed.
    pub async fn delete(&self, key: &str) -> Result<(), StoreError> {
        let path = self.path(key)?;
        match tokio::fs::remove_file(&path).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::file("could not remove", &path)(error)),
        }
    }

    /// The keys there are, sorted.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub async fn keys(&self) -> Result<Vec<String>, StoreError> {
        let root = self.root.clone();
        blocking(move || list(&root)).await
    }

    pub(crate) fn path(&self, key: &str) -> Result<PathBuf, StoreError> {
        let component = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        };
        if key.len() > 200 || !key.split('/').all(component) {
            return Err(StoreError::BadKey(key.to_owned()));
        }
        Ok(self.root.join(key))
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    fn partial(&self) -> PathBuf {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let random: u64 = rand::random();
        self.root.join(PARTIAL).join(format!("{random:016x}-{count}"))
    }

    fn make_parent(&self, path: &Path) -> Result<(), StoreError> {
        let parent = path.parent().unwrap_or(&self.root);
        if !parent.exists() {
            fs::create_dir_all(parent).map_err(StoreError::file("could not make the folder", parent))?;
            sync_folder(&self.root)?;
        }
        Ok(())
    }

    fn sync_parent(&self, path: &Path) -> Result<(), StoreError> {
        sync_folder(path.parent().unwrap_or(&self.root))
    }
}

pub(crate) fn sync_folder(folder: &Path) -> Result<(), StoreError> {
    let sync = || File::open(folder)?.sync_all();
    sync().map_err(StoreError::file("could not flush the folder", folder))
}

/// Every key under a folder of blobs, sorted.
pub(crate) fn list(root: &Path) -> Result<Vec<String>, StoreError> {
    let mut keys = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(folder) = folders.pop() {
        let path = root.join(&folder);
        let entries = fs::read_dir(&path).map_err(StoreError::file("could not read the folder", &path))?;
        for entry in entries {
            let entry = entry.map_err(StoreError::file("could not read the folder", &path))?;
            let name = folder.join(entry.file_name());
            let kind = entry.file_type().map_err(StoreError::file("could not read the folder", &path))?;
            if name.as_os_str() == PARTIAL {
                continue;
            } else if kind.is_dir() {
                folders.push(name);
            } else {
                keys.push(name.to_string_lossy().into_owned());
            }
        }
    }
    keys.sort();
    Ok(keys)
}

/// Copies and flushes on the way.
pub(crate) fn copy(mut from: &File, to: &Path) -> io::Result<()> {
    let mut file = File::create_new(to)?;
    let mut buffer = vec![0; FLUSH];
    loop {
        let n = from.read(&mut buffer)?;
        if n == 0 {
            return file.sync_all();
        }
        file.write_all(&buffer[..n])?;
        file.sync_data()?;
    }
}

fn missing(key: &str, path: &Path, error: io::Error) -> StoreError {
    if error.kind() == io::ErrorKind::NotFound {
        return StoreError::NoBlob(key.to_owned());
    }
    StoreError::file("could not open", path)(error)
}

/// Runs file work where it may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, StoreError> + Send + 'static,
) -> Result<T, StoreError> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
