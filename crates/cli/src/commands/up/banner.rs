//! What a person reads when the server is ready: where it is, where the token is, what it listens to.

use runtime::Profile;
use serde::Serialize;

use super::Project;
use crate::failure::{self, Failure};
use crate::terminal::{Ink, Terminal, plain};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Banner {
    url: String,
    folder: String,
    is_watching: bool,
    data: String,
    token_file: String,
    profile: &'static str,
    sources: Vec<Source>,
    workflows: Vec<Workflow>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Source {
    url: String,
    verify: &'static str,
    event_type: String,
}

#[derive(Serialize)]
struct Workflow {
    name: String,
    version: String,
    /// What starts it, in words.
    starts: Vec<String>,
}

impl Banner {
    pub fn of(project: &Project<'_>, url: &str) -> Result<Self, Failure> {
        let Project {
            server,
            scope,
            config,
            ..
        } = project;
        let wrong = |error| failure::of_runtime(error, None);
        let sources = server
            .sources(scope)
            .map_err(wrong)?
            .into_iter()
            .map(|source| Source {
                url: format!("{url}{}", source.path),
                verify: source.verify,
                event_type: source.event_type.to_string(),
            });
        let workflows = server.workflows(scope, None).map_err(wrong)?;
        let workflows = workflows.into_iter().map(|workflow| Workflow {
            name: format!("{}/{}", workflow.namespace, workflow.name),
            version: workflow.version.to_string(),
            starts: workflow.schedule,
        });
        Ok(Self {
            url: url.to_owned(),
            folder: project.folder.display().to_string(),
            is_watching: project.is_watching,
            data: config.data.display().to_string(),
            token_file: config
                .data
                .join(crate::client::TOKEN_FILE)
                .display()
                .to_string(),
            profile: match config.profile {
                Profile::Development => "development",
                Profile::Production => "production",
            },
            sources: sources.collect(),
            workflows: workflows.collect(),
        })
    }

    pub fn show(&self, terminal: &Terminal) -> Result<(), Failure> {
        if terminal.is_json {
            return terminal.out_json(self);
        }
        let paint = terminal.out_paint();
        let watched = if self.is_watching {
            ", taken up as it changes"
        } else {
            ""
        };
        let allows = match self.profile {
            "development" => ": calls may reach this machine, shell tasks may run",
            _ => "",
        };
        let mut lines = vec![
            format!("Segue listens on {}", paint.on(Ink::Bold, &self.url)),
            format!("  folder     {}{watched}", plain(&self.folder)),
            format!("  data       {}", plain(&self.data)),
            format!("  token      in {}", plain(&self.token_file)),
            format!("  profile    {}{allows}", self.profile),
        ];
        for (index, source) in self.sources.iter().enumerate() {
            let label = if index == 0 { "sources" } else { "" };
            lines.push(format!(
                "  {label:<10} POST {}  (verify: {}, makes {})",
                plain(&source.url),
                source.verify,
                plain(&source.event_type)
            ));
        }
        for (index, workflow) in self.workflows.iter().enumerate() {
            let label = if index == 0 { "workflows" } else { "" };
            let starts = match workflow.starts.is_empty() {
                true => String::new(),
                false => format!("  ({})", plain(&workflow.starts.join("; "))),
            };
            let (name, version) = (plain(&workflow.name), plain(&workflow.version));
            lines.push(format!("  {label:<10} {name} {version}{starts}"));
        }
        if self.workflows.is_empty() {
            lines.push("  workflows  none yet: put one into workflows/".to_owned());
        }
        terminal.out(lines.join("\n"))
    }
}
