use super::*;

fn config(file: &str, variables: &[(&str, &str)]) -> Result<Config, String> {
    let mut settings = parse(DEFAULT, Path::new("default")).unwrap();
    overlay(&mut settings, parse(file, Path::new("file")).unwrap());
    let variable = |name: &str| {
        variables
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, value)| (*value).to_owned())
    };
    Config::of(settings, variable).map_err(|error| error.to_string())
}

const SANDBOX: &[(&str, &str)] = &[
    ("PASARELA_ENVIRONMENT", "sandbox"),
    ("DATABASE_URL", "postgres://app@localhost/x"),
];

#[test]
fn the_default_lacks_only_what_nobody_else_can_know() {
    let told = config("", &[]).unwrap_err();
    assert_eq!(
        told.lines().skip(1).collect::<Vec<_>>(),
        [
            "  http.public_url (PASARELA_PUBLIC_URL) is required in production",
            "  database.url (DATABASE_URL) is required",
        ]
    );
    let config = config("", SANDBOX).unwrap();
    assert_eq!(config.http.public_url, "http://127.0.0.1:8080");
    assert_eq!(config.key_file, Path::new("var/vault.keys"));
}

#[test]
fn the_default_says_what_the_rooms_think_is_right() {
    let config = config("", SANDBOX).unwrap();
    let same = |ours: &dyn std::fmt::Debug, theirs: &dyn std::fmt::Debug| {
        assert_eq!(format!("{ours:?}"), format!("{theirs:?}"));
    };
    same(&config.transport, &TransportSettings::default());
    same(&config.three_ds.timers, &Timers::default());
    same(&config.three_ds.card_ranges, &CardRangeSettings::default());
    assert_eq!(config.three_ds.versions, Version::ALL);
    same(&config.limits, &Limits::default());
    let url_policy = config.environment.url_policy();
    same(
        &config.webhooks,
        &DispatcherSettings {
            url_policy,
            ..DispatcherSettings::default()
        },
    );
    same(&config.database.settings, &StoreSettings::default());
}

#[test]
fn the_environment_stands_before_the_file_and_the_file_before_the_default() {
    let file = "[http]\nlisten = '127.0.0.1:1'\nadmin_listen = '127.0.0.1:2'\n[payments]\npage_opened_seconds = 7\n\
                [database]\nurl_file = '/nowhere'";
    let variables = [
        SANDBOX,
        &[("PASARELA_LISTEN", "127.0.0.1:3"), ("PASARELA_VAR", "/srv/p")],
    ]
    .concat();
    let config = config(file, &variables).unwrap();
    assert_eq!(
        (config.http.listen.port(), config.http.admin_listen.port()),
        (3, 2)
    );
    assert_eq!(config.limits.page_opened_seconds, 7);
    assert_eq!(
        config.limits.page_unopened_seconds,
        Limits::default().page_unopened_seconds
    );
    assert_eq!(config.key_file, Path::new("/srv/p/vault.keys"));
    assert_eq!(config.database.url.reveal(), "postgres://app@localhost/x");
}

#[test]
fn the_databases_url_may_be_in_a_file() {
    let path = std::env::temp_dir().join(format!("pasarela-database-url-{}", std::process::id()));
    fs::write(&path, "postgres://app:secret@localhost/y\n").unwrap();
    let name = path.display().to_string();
    let from_file = [
        ("PASARELA_ENVIRONMENT", "sandbox"),
        ("DATABASE_URL_FILE", name.as_str()),
    ];
    assert_eq!(
        config("", &from_file).unwrap().database.url.reveal(),
        "postgres://app:secret@localhost/y"
    );
    let both = [SANDBOX, &[("DATABASE_URL_FILE", name.as_str())]].concat();
    let told = config("", &both).unwrap_err();
    assert!(told.contains("must not be given together"), "{told}");
    fs::remove_file(path).unwrap();
}

#[test]
fn every_problem_is_told_at_once_and_no_password_with_it() {
    let file = "colour = 1\n[http]\nlisten = 8080\npublic_url = 'http://pay.example.com'\nadmin = 1\n\
                [database]\nurl = 'mysql://u:hunter2@h/x'\n[environment]\nkind = 'test'\n\
                [transport]\ncharge_timeout_ms = -1\n[webhooks]\nlease_seconds = 5\nconcurrency_per_endpoint = 9000\n\
                [telemetry]\nlog = 'info,=='\nlog_format = 'xml'";
    let told = config(file, &[]).unwrap_err();
    for field in [
        "colour",
        "http.admin ",
        "http.listen",
        "http.public_url",
        "database.url",
        "environment.kind",
        "transport.charge_timeout_ms",
        "webhooks.lease",
        "webhooks.concurrency_per_endpoint",
        "telemetry.log ",
        "telemetry.log_format",
    ] {
        assert!(told.contains(&format!("\n  {field}")), "{field} in {told}");
    }
    assert!(!told.contains("hunter2"));
}

#[test]
fn settings_that_depend_on_each_other_are_checked_together() {
    let told = config("[transport]\ncharge_timeout_ms = 50000", SANDBOX).unwrap_err();
    assert!(told.contains("payments.charge_lease_seconds"), "{told}");
    let told = config("[http]\nadmin_listen = '127.0.0.1:8080'", SANDBOX).unwrap_err();
    assert!(told.contains("http.admin_listen"), "{told}");
}

#[test]
fn the_networks_limits_are_kept_in_production_and_in_a_sandbox_only_where_that_is_said() {
    let production = &[
        ("DATABASE_URL", "postgres://app@localhost/x"),
        ("PASARELA_PUBLIC_URL", "https://pay.example"),
    ];
    let kept = |file: &str, variables| config(file, variables).unwrap().retry_limits;
    assert!(kept("", production));
    assert!(!kept("", SANDBOX));
    let (on, off) = (
        "[retry_limits]\nenabled = true",
        "[retry_limits]\nenabled = false",
    );
    assert!(kept(on, production) && kept(on, SANDBOX));
    assert!(!kept(off, production) && !kept(off, SANDBOX));
    for (wrong, field) in [
        ("[retry_limits]\nenabled = 'no'", "retry_limits.enabled "),
        ("[retry_limits]\nenabled = 1", "retry_limits.enabled "),
        ("[retry_limits]\nenable = true", "retry_limits.enable "),
    ] {
        let told = config(wrong, SANDBOX).unwrap_err();
        assert!(told.contains(&format!("\n  {field}")), "{field} in {told}");
    }
}

#[test]
fn the_times_of_captures_voids_and_refunds_are_set_and_each_wrong_one_is_named() {
    let file = "[payments]\nsettlement_pause_max_seconds = 60\nsettlement_inquiry_seconds = 7776000\n\
                settlement_repeat_seconds = 30";
    let limits = config(file, SANDBOX).unwrap().limits;
    assert_eq!(
        (
            limits.settlement_pause_max_seconds,
            limits.settlement_inquiry_seconds,
            limits.settlement_repeat_seconds
        ),
        (60, 7_776_000, 30)
    );
    for (name, beyond) in [
        ("settlement_pause_max_seconds", 86_401),
        ("settlement_inquiry_seconds", 7_776_001),
        ("settlement_repeat_seconds", 82_801),
    ] {
        for wrong in [
            &*beyond.to_string(),
            "0",
            "-1",
            "4294967296",
            "1.5",
            "'60'",
            "true",
        ] {
            let told = config(&format!("[payments]\n{name} = {wrong}"), SANDBOX).unwrap_err();
            let told: Vec<_> = told.lines().skip(1).collect();
            assert_eq!(told.len(), 1, "{name} = {wrong}: {told:?}");
            assert!(told[0].starts_with(&format!("  payments.{name} ")), "{told:?}");
        }
    }
    let file = "[payments]\nsettlement_pause_max_seconds = 61\nsettlement_inquiry_seconds = 60";
    let told = config(file, SANDBOX).unwrap_err();
    assert!(
        told.contains("\n  payments.settlement_pause_max_seconds must not"),
        "{told}"
    );
}

#[test]
fn an_endpoint_may_fail_for_days_but_not_for_ever() {
    let days = |days: &str| {
        let file = format!("[webhooks]\nendpoint_disable_after_days = {days}");
        config(&file, SANDBOX)
    };
    let settings = days("3").unwrap().webhooks;
    assert_eq!(settings.endpoint_disable_after, Duration::from_secs(3 * 86_400));
    for wrong in ["0", "31", "'5'"] {
        let told = days(wrong).unwrap_err();
        assert!(told.contains("webhooks.endpoint_disable_after_days"), "{told}");
    }
}

#[test]
fn a_syntax_error_names_its_line_and_not_its_content() {
    let error = parse("a = 1\nurl = \"postgres://u:hunter2@h\n", Path::new("f"))
        .unwrap_err()
        .to_string();
    assert!(error.contains("line 2") && !error.contains("hunter2"), "{error}");
}

const LISTENER: &str = "[three_ds.results]\nlisten = '127.0.0.1:8443'\ncertificate_file = 'results.pem'\n\
                        key_file = '/etc/results.key'\n";

#[test]
fn results_come_to_a_listener_to_the_public_face_or_nowhere() {
    let production = &[
        ("DATABASE_URL", "postgres://app@localhost/x"),
        ("PASARELA_PUBLIC_URL", "https://pay.example"),
    ];
    let proxy = "[three_ds.results]\nbehind_proxy = true";
    assert!(matches!(
        config("", production).unwrap().results,
        Results::Nowhere
    ));
    assert!(matches!(
        config(proxy, production).unwrap().results,
        Results::Public
    ));
    assert!(matches!(config("", SANDBOX).unwrap().results, Results::Public));

    let Results::Listener(listener) = config(LISTENER, SANDBOX).unwrap().results else {
        panic!("it is set")
    };
    assert_eq!(listener.public_url, None);
    let own = &listener.files.certificates[0];
    assert_eq!(own.certificate, Path::new("var/results.pem"));
    assert_eq!(own.key, Path::new("/etc/results.key"));
}

#[test]
fn a_listener_is_set_whole_or_told_what_is_missing() {
    let production = &[
        ("DATABASE_URL", "postgres://app@localhost/x"),
        ("PASARELA_PUBLIC_URL", "https://pay.example"),
    ];
    let told = config(LISTENER, production).unwrap_err();
    assert!(
        told.contains("three_ds.results.public_url (PASARELA_RESULTS_URL) is required"),
        "{told}"
    );
    let told = config(
        "[three_ds.results]\nlisten = '127.0.0.1:8443'\nmore_certificates = [{}]",
        SANDBOX,
    )
    .unwrap_err();
    for field in [
        "certificate_file",
        "key_file",
        "more_certificates.0.certificate_file",
    ] {
        assert!(
            told.contains(&format!("three_ds.results.{field} ")),
            "{field}: {told}"
        );
    }
    let both = format!("{LISTENER}behind_proxy = true\n");
    assert!(
        config(&both, SANDBOX)
            .unwrap_err()
            .contains("behind_proxy is true")
    );
    let plain = format!("{LISTENER}public_url = 'http://127.0.0.1'\n");
    assert!(config(&plain, SANDBOX).unwrap_err().contains("public_url"));
}

#[test]
fn the_environment_sets_the_listener_too() {
    let mut variables = SANDBOX.to_vec();
    variables.extend([
        ("PASARELA_RESULTS_LISTEN", "127.0.0.1:0"),
        ("PASARELA_RESULTS_CERTIFICATE_FILE", "/tls/results.pem"),
        ("PASARELA_RESULTS_KEY_FILE", "/tls/results.key"),
        ("PASARELA_RESULTS_URL", "https://3ds.example/"),
    ]);
    let Results::Listener(listener) = config("", &variables).unwrap().results else {
        panic!("it is set")
    };
    assert_eq!(listener.public_url.as_deref(), Some("https://3ds.example"));
    assert_eq!(listener.listen.port(), 0);
}
