//! Which cluster, by kubectl's rules.

use std::env;
use std::path::{Path, PathBuf};

use kube::Config;
use kube::config::{KubeConfigOptions, Kubeconfig};
use plat_resource::suggest;

use super::{ClusterError, ConnectOptions};

/// Names files, the first of which to say a thing wins.
const VARIABLE: &str = "KUBECONFIG";

/// The configuration of a client.
pub(super) async fn config(options: &ConnectOptions) -> Result<Config, ClusterError> {
    let mut config = match read(options.kubeconfig.as_deref())? {
        Some(kubeconfig) => of_kubeconfig(kubeconfig, options).await?,
        None => Config::incluster().map_err(|_| ClusterError::NoCluster { places: places() })?,
    };
    if let Some(user) = &options.user {
        config.auth_info.impersonate = Some(user.clone());
    }
    Ok(config)
}

async fn of_kubeconfig(kubeconfig: Kubeconfig, options: &ConnectOptions) -> Result<Config, ClusterError> {
    let known: Vec<&str> = kubeconfig.contexts.iter().map(|context| context.name.as_str()).collect();
    let current = kubeconfig.current_context.as_deref().filter(|name| !name.is_empty());
    let Some(wanted) = options.context.as_deref().or(current) else {
        return Err(ClusterError::NoContext { known: known.into_iter().map(str::to_owned).collect() });
    };
    if !known.contains(&wanted) {
        let hint = suggest::did_you_mean(wanted, known.iter().copied());
        return Err(ClusterError::UnknownContext { name: wanted.to_owned(), hint });
    }
    let wanted = KubeConfigOptions { context: Some(wanted.to_owned()), ..KubeConfigOptions::default() };
    Config::from_custom_kubeconfig(kubeconfig, &wanted)
        .await
        .map_err(|source| ClusterError::Kubeconfig { source: Box::new(source) })
}

/// `None` where no file is there. A file that the user names must be.
fn read(named: Option<&Path>) -> Result<Option<Kubeconfig>, ClusterError> {
    let read = |path: &Path| Kubeconfig::read_from(path);
    let failed = |source| ClusterError::Kubeconfig { source: Box::new(source) };
    if let Some(path) = named {
        return read(path).map(Some).map_err(failed);
    }
    let mut merged: Option<Kubeconfig> = None;
    for path in places().iter().filter(|path| path.exists()) {
        let next = read(path).map_err(failed)?;
        merged = Some(match merged {
            None => next,
            Some(first) => first.merge(next).map_err(failed)?,
        });
    }
    Ok(merged)
}

/// Where kubeconfigs are looked for.
fn places() -> Vec<PathBuf> {
    let variable = env::var_os(VARIABLE).filter(|value| !value.is_empty());
    if let Some(value) = variable {
        return env::split_paths(&value).filter(|path| !path.as_os_str().is_empty()).collect();
    }
    env::home_dir().map(|home| home.join(".kube").join("config")).into_iter().collect()
}
