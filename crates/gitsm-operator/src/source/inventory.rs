//! Inventories in the cluster: ConfigMaps of gitsm's namespace, of some hundred kilobytes each.

use super::apply::ApplyError;
use super::{MANAGER, SYSTEM_NAMESPACE};
use gitsm_core::ident::RepositoryName;
use gitsm_core::sync::Inventory;
use k8s_openapi::api::core::v1::{ConfigMap, Namespace};
use kube::api::{Api, DeleteParams, ListParams, Patch, PatchParams};
use kube::{Client, Error};
use serde_json::json;
use std::collections::BTreeMap;

/// Names the repository at each part of its inventory.
const LABEL: &str = "gitsm.dev/inventory";
/// The key of a ConfigMap that holds the text.
const DATA: &str = "objects";

/// The stored inventory of one repository.
pub(super) struct Store {
    client: Client,
    repository: RepositoryName,
    /// The parts as they are stored. A crash while it grew can have left out numbers.
    parts: BTreeMap<usize, String>,
}

impl Store {
    /// Reads an inventory.
    pub(super) async fn read(
        client: &Client,
        repository: &RepositoryName,
    ) -> Result<(Self, Inventory), ApplyError> {
        let api: Api<ConfigMap> = Api::namespaced(client.clone(), SYSTEM_NAMESPACE);
        let params = ListParams::default().labels(&format!("{LABEL}={repository}"));
        let list = api
            .list(&params)
            .await
            .map_err(|error| ApplyError::new("cannot read the inventory", error))?;
        let mut parts = BTreeMap::new();
        for part in list.items {
            let name = part.metadata.name.unwrap_or_default();
            let number = name
                .rsplit('-')
                .next()
                .and_then(|number| number.parse::<usize>().ok());
            let text = part.data.unwrap_or_default().remove(DATA);
            if let (Some(number), Some(text)) = (number, text) {
                parts.insert(number, text);
            }
        }
        let inventory = Inventory::from_parts(parts.values().map(String::as_str))
            .map_err(|error| ApplyError::damaged(repository, &error))?;
        let store = Self {
            client: client.clone(),
            repository: repository.clone(),
            parts,
        };
        Ok((store, inventory))
    }

    /// Stores an inventory that has the same objects and more. Objects only move to later parts, so these are written
    /// first: after a crash an object is in two parts, never in none.
    pub(super) async fn grow(&mut self, inventory: &Inventory) -> Result<(), ApplyError> {
        let parts = inventory.parts();
        if self.parts.values().eq(&parts) {
            return Ok(());
        }
        self.make_namespace().await?;
        for (number, text) in parts.into_iter().enumerate().rev() {
            self.write(number, text).await?;
        }
        Ok(())
    }

    /// Stores an inventory that has not all of the objects any more. Objects only move to earlier parts.
    pub(super) async fn shrink(&mut self, inventory: &Inventory) -> Result<(), ApplyError> {
        let parts = inventory.parts();
        let superfluous = self.parts.split_off(&parts.len());
        for (number, text) in parts.into_iter().enumerate() {
            self.write(number, text).await?;
        }
        let api = self.api();
        for number in superfluous.into_keys().rev() {
            match api.delete(&self.name(number), &DeleteParams::default()).await {
                Err(Error::Api(status)) if status.code == 404 => {}
                Err(error) => return Err(ApplyError::new("cannot shorten the inventory", error)),
                Ok(_) => {}
            }
        }
        Ok(())
    }

    async fn write(&mut self, number: usize, text: String) -> Result<(), ApplyError> {
        if self.parts.get(&number) == Some(&text) {
            return Ok(());
        }
        let name = self.name(number);
        let part = json!({
            "apiVersion": "v1", "kind": "ConfigMap",
            "metadata": {"name": name, "labels": {LABEL: self.repository.as_str()}},
            "data": {DATA: text},
        });
        // Nobody else has anything to say here.
        let params = PatchParams::apply(MANAGER).force();
        self.api()
            .patch(&name, &params, &Patch::Apply(&part))
            .await
            .map_err(|error| ApplyError::new("cannot write the inventory", error))?;
        self.parts.insert(number, text);
        Ok(())
    }

    async fn make_namespace(&self) -> Result<(), ApplyError> {
        let api: Api<Namespace> = Api::all(self.client.clone());
        let namespace = json!({
            "apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SYSTEM_NAMESPACE},
        });
        let there = api
            .get_opt(SYSTEM_NAMESPACE)
            .await
            .map_err(|error| ApplyError::new("cannot look for the namespace of gitsm", error))?;
        if there.is_some() {
            return Ok(());
        }
        api.patch(
            SYSTEM_NAMESPACE,
            &PatchParams::apply(MANAGER),
            &Patch::Apply(&namespace),
        )
        .await
        .map(drop)
        .map_err(|error| ApplyError::new("cannot make the namespace of gitsm", error))
    }

    fn api(&self) -> Api<ConfigMap> {
        Api::namespaced(self.client.clone(), SYSTEM_NAMESPACE)
    }

    fn name(&self, number: usize) -> String {
        format!("gitsm-inventory-{}-{number}", self.repository)
    }
}
