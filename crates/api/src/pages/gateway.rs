//! The gateway behind the pages.

use super::Pages;
use orchestrator::{
    Gateway,
    flows::page_step::{PageError, PageReturn, PageView, StepName},
};
use payments::Browser;

#[async_trait::async_trait]
impl Pages for Gateway {
    async fn opened(&self, token: &str) -> Result<PageView, PageError> {
        self.page_opened(token).await
    }

    async fn browser_data(&self, token: &str, browser: Browser) -> Result<PageView, PageError> {
        self.page_browser_data(token, browser).await
    }

    async fn method_notified(&self, three_ds_method_data: &str) -> Result<(), PageError> {
        self.page_method_notified(three_ds_method_data).await
    }

    async fn progress(
        &self,
        token: &str,
        seen: Option<StepName>,
        wait_seconds: u8,
    ) -> Result<PageView, PageError> {
        self.page_progress(token, seen, wait_seconds).await
    }

    async fn challenge_returned(
        &self,
        cres: &str,
        session_data: Option<&str>,
    ) -> Result<PageReturn, PageError> {
        self.page_challenge_returned(cres, session_data).await
    }

    async fn cancelled(&self, token: &str) -> Result<PageView, PageError> {
        self.page_cancelled(token).await
    }
}
