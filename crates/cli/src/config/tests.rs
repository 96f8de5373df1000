use std::path::Path;

use super::{Config, Environment, Loaded};
use crate::arguments::Settings;
use crate::failure::Failure;

fn load(
    file: Option<&str>,
    variables: &[(&str, &str)],
    flags: &Settings,
) -> Result<Loaded, Failure> {
    let folder = tempfile::tempdir().expect("a temporary directory");
    if let Some(text) = file {
        std::fs::write(folder.path().join("segue.yaml"), text).expect("written");
    }
    let loaded = Config::load(folder.path(), &Environment::of(variables), flags);
    // Paths without the folder, which has another name each time.
    let strip = |path: &Path| path.strip_prefix(folder.path()).unwrap_or(path).to_owned();
    loaded.map(|mut loaded| {
        loaded.config.data = strip(&loaded.config.data);
        let secrets = loaded.config.secrets_directory.as_deref();
        loaded.config.secrets_directory = secrets.map(strip);
        loaded
    })
}

/// The configuration as text, or every problem in its place.
fn shown(
    file: &str,
    variables: &[(&str, &str)],
    flags: &Settings,
    field: fn(&Config) -> String,
) -> String {
    match load(Some(file), variables, flags) {
        Ok(loaded) => field(&loaded.config),
        Err(failure) => {
            let findings = failure.reports.iter().flat_map(|report| {
                let name = report.path.rsplit('/').next().unwrap_or_default();
                report.findings.iter().map(move |finding| {
                    format!(
                        "{name} {}:{} {}",
                        finding.line, finding.column, finding.message
                    )
                })
            });
            findings.collect::<Vec<_>>().join("\n")
        }
    }
}

#[test]
fn each_origin_stands_above_the_one_before() {
    let flags = Settings {
        listen: Some("127.0.0.1:4".to_owned()),
        ..Settings::default()
    };
    let none = Settings::default();
    let listen = |config: &Config| config.listen.to_string();
    for (file, variables, flags, expected) in [
        ("", &[][..], &none, "127.0.0.1:7300"),
        ("listen: localhost:2", &[], &none, "127.0.0.1:2"),
        (
            "listen: localhost:2",
            &[("SEGUE_LISTEN", "[::1]:3")],
            &none,
            "[::1]:3",
        ),
        (
            "listen: localhost:2",
            &[("SEGUE_LISTEN", "[::1]:3")],
            &flags,
            "127.0.0.1:4",
        ),
        // An empty variable says nothing.
        (
            "listen: localhost:2",
            &[("SEGUE_LISTEN", "")],
            &none,
            "127.0.0.1:2",
        ),
    ] {
        assert_eq!(shown(file, variables, flags, listen), expected);
    }
}

#[test]
fn every_setting_is_read_from_the_file() {
    let file = "
listen: 127.0.0.1:1
data: here
profile: production
allowedNetworks: [10.0.0.0/8, 'fd00::/8']
secretsDirectory: secrets
retention: P7D
bodyBytesMax: 2048
hosts: [segue.example.com]
log: json
logLevel: warn,runtime=debug
";
    assert_eq!(
        shown(file, &[], &Settings::default(), |config| format!(
            "{config:?}"
        )),
        "Config { listen: 127.0.0.1:1, data: \"here\", profile: Production, allowed_networks: [\"10.0.0.0/8\", \"fd00::/8\"], \
         secrets_directory: Some(\"secrets\"), retention: Some(604800s), body_bytes_max: 2048, hosts: [\"segue.example.com\"], \
         log: Json, log_level: \"warn,runtime=debug\" }"
    );
}

#[test]
fn every_setting_is_read_from_the_environment() {
    let variables = [
        ("SEGUE_LISTEN", "0.0.0.0:1"),
        ("SEGUE_DATA", "/here"),
        ("SEGUE_PROFILE", "production"),
        ("SEGUE_ALLOWED_NETWORKS", "10.0.0.0/8, fd00::/8"),
        ("SEGUE_SECRETS_DIRECTORY", "/secrets"),
        ("SEGUE_RETENTION", "forever"),
        ("SEGUE_BODY_BYTES_MAX", "2048"),
        ("SEGUE_HOSTS", "a.example.com,b.example.com"),
        ("SEGUE_LOG", "json"),
        ("SEGUE_LOG_LEVEL", "trace"),
    ];
    assert_eq!(
        shown("", &variables, &Settings::default(), |config| format!(
            "{config:?}"
        )),
        "Config { listen: 0.0.0.0:1, data: \"/here\", profile: Production, allowed_networks: [\"10.0.0.0/8\", \"fd00::/8\"], \
         secrets_directory: Some(\"/secrets\"), retention: None, body_bytes_max: 2048, hosts: [\"a.example.com\", \"b.example.com\"], \
         log: Json, log_level: \"trace\" }"
    );
}

#[test]
fn all_problems_of_all_origins_are_told_together() {
    let flags = Settings {
        profile: Some("prod".to_owned()),
        allowed_networks: vec!["10.0.0.0".to_owned()],
        ..Settings::default()
    };
    let file = "
lisen: 127.0.0.1:1
bodyBytesMax: 12
retention: P1M
data: [x]
hosts: https://x
log: [json
";
    // The list that does not end hides the rest.
    assert!(shown(file, &[], &flags, |_| String::new()).contains("segue.yaml"));
    let file = file.replace("log: [json", "listen: 0.0.0.0:80\nlogLevel: 'a=b=c'");
    assert_eq!(
        shown(&file, &[("SEGUE_LOG", "xml")], &flags, |_| String::new()),
        "segue.yaml 2:1 there is no setting `lisen`
segue.yaml 3:15 `bodyBytesMax`: expected a number of bytes from 1024 to 67108864, found `12`
segue.yaml 4:12 `retention`: expected a duration such as P30D, or forever, found `P1M`
segue.yaml 5:7 `data`: expected one value, found array
segue.yaml 6:8 `hosts`: expected a list, found string
segue.yaml 7:9 `listen`: a folder cannot open this machine to the network
segue.yaml 8:11 `logLevel`: expected a level such as info, or info,runtime=debug, found `a=b=c`
the environment 0:0 `SEGUE_LOG`: expected human or json, found `xml`
the command line 0:0 `--profile`: expected development or production, found `prod`
the command line 0:0 `--allowed-network`: expected a network such as 10.0.0.0/8, found `10.0.0.0`"
    );
}

#[test]
fn a_variable_that_is_not_known_is_worth_a_warning() {
    let variables = [
        ("SEGUE_LISTN", "x"),
        ("SEGUE_SECRET_CRM_TOKEN", "s"),
        ("SEGUE_TOKEN", "t"),
        ("SEGUE_SERVICE_HOST", "10.0.0.1"),
    ];
    let loaded = load(None, &variables, &Settings::default()).expect("only a warning");
    let messages: Vec<_> = loaded
        .warnings
        .iter()
        .flat_map(|report| &report.findings)
        .collect();
    assert_eq!(messages.len(), 1);
    assert_eq!(
        messages[0].message,
        "the variable `SEGUE_LISTN` is not known and was ignored"
    );
    assert!(
        messages[0]
            .help
            .as_deref()
            .is_some_and(|help| help.contains("SEGUE_BODY_BYTES_MAX"))
    );
}

#[test]
fn secrets_are_named_as_in_definitions() {
    let environment = Environment::of(&[
        ("SEGUE_SECRET_CRM_TOKEN", "s"),
        ("SEGUE_SECRETS_DIRECTORY", "d"),
    ]);
    assert_eq!(
        environment.secrets(),
        [("crm-token".to_owned(), "s".to_owned())]
    );
}

#[test]
fn the_documentation_names_every_setting() {
    let page = include_str!("../../../../docs/cli.md");
    for setting in super::SETTINGS {
        for name in [
            setting.key.to_owned(),
            setting.variable(),
            format!("--{}", setting.flag_name()),
        ] {
            assert!(
                page.contains(&format!("`{name}`")),
                "docs/cli.md does not name `{name}`"
            );
        }
    }
}
