//! Asking the webhooks that may only refuse.

use super::answer::{self, Asked};
use super::{Request, Webhook, Webhooks, is_exempt, review};
use crate::error::ApiError;
use std::sync::Arc;

impl Webhooks {
    /// Asks every webhook that a write concerns, all at once.
    ///
    /// Returns the warnings for the one who writes. `configurations` are the ValidatingWebhookConfigurations.
    ///
    /// # Errors
    /// The refusal of a webhook; 500 when one cannot be asked and its failure policy is `Fail`; 400 when one has side
    /// effects and nothing may be stored.
    pub async fn validate(
        &self,
        configurations: &[Arc<Vec<Webhook>>],
        request: Request<'_>,
    ) -> Result<Vec<String>, ApiError> {
        if is_exempt(&request) {
            return Ok(Vec::new());
        }
        let mut calls = tokio::task::JoinSet::new();
        for webhook in configurations.iter().flat_map(|hooks| hooks.iter()) {
            let Some(version) = self.concerns(webhook, &request)? else {
                continue;
            };
            let uid = crate::random_uid().map_err(ApiError::internal)?;
            let review = review(&request, &version, &uid);
            let (caller, webhook) = (self.caller.clone(), webhook.clone());
            let order = calls.len();
            calls.spawn(async move {
                let answer = caller.ask(&webhook, &review).await;
                (order, answer::read(&webhook, Asked::Validating, &uid, answer))
            });
        }
        let mut outcomes = calls.join_all().await;
        // The first in the order of configuration speaks, whichever answered first.
        outcomes.sort_by_key(|(order, _)| *order);
        let mut warnings = Vec::new();
        for (_, outcome) in outcomes {
            warnings.extend(outcome?.warnings);
        }
        Ok(warnings)
    }
}
