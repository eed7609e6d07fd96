use super::*;

const PRODUCTION: AddressGuard = AddressGuard {
    policy: UrlPolicy::HttpsOnly,
};
const SANDBOX: AddressGuard = AddressGuard {
    policy: UrlPolicy::LoopbackHttpToo,
};

#[test]
fn addresses_that_are_not_on_the_public_internet_are_refused() {
    let refused = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.1",
        "10.255.255.255",
        "100.64.0.1",
        "100.100.100.200",
        "100.127.255.255",
        "169.254.0.1",
        "169.254.169.254",
        "168.63.129.16",
        "172.16.0.1",
        "172.31.255.255",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.1.1",
        "198.18.0.1",
        "198.19.255.255",
        "198.51.100.1",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::127.0.0.1",
        "::10.0.0.1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "::ffff:8.8.8.8",
        "::ffff:0:127.0.0.1",
        "64:ff9b::10.0.0.1",
        "64:ff9b:1::1",
        "100::1",
        "2001::1",
        "2001:10::1",
        "2001:db8::1",
        "2002:7f00:1::1",
        "2002:a00:1::",
        "3fff::1",
        "5f00::1",
        "fc00::1",
        "fd00:ec2::254",
        "fdff::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff02::1",
        "ff0e::1",
    ];
    for text in refused {
        let address = text.parse().unwrap();
        assert!(!PRODUCTION.allows(address), "{text} in production");
        assert!(!SANDBOX.allows(address), "{text} in the sandbox");
    }
}

#[test]
fn public_addresses_are_allowed() {
    for text in [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.1",
        "168.63.129.17",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "198.17.255.255",
        "198.20.0.0",
        "223.255.255.255",
        "2001:200::1",
        "2001:4860:4860::8888",
        "2606:4700::1111",
        "2a00:1450::1",
        "3ffe::1",
    ] {
        assert!(PRODUCTION.allows(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn loopback_is_for_the_sandbox() {
    for text in ["127.0.0.1", "127.255.255.254", "::1"] {
        assert!(!PRODUCTION.allows(text.parse().unwrap()), "{text}");
        assert!(SANDBOX.allows(text.parse().unwrap()), "{text}");
    }
}

#[test]
fn an_address_is_recognised_in_every_form_that_a_url_allows() {
    for text in [
        "https://127.0.0.1/",
        "https://2130706433/",
        "https://0x7f000001/",
        "https://0x7f.1/",
        "https://017700000001/",
        "https://127.1/",
        "https://127.0.1/",
        "https://0/",
        "https://0x0/",
        "https://169.254.169.254/latest",
        "https://0xa9fea9fe/",
        "https://2852039166/",
        "https://[::1]/",
        "https://[::ffff:7f00:1]/",
        "https://[::ffff:127.0.0.1]/",
        "https://[::7f00:1]/",
        "https://[64:ff9b::7f00:1]/",
        "https://[fe80::1]/",
        "https://１２７.０.０.１/",
        "https://127。0。0。1/",
        "https://10.1/",
        "https://192.168.257/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.0x1/",
        "https://127.0.0.1./",
        "https://2130706433./",
        "https://%31%32%37.0.0.1/",
        "https://100.64.0.1/",
        "https://0.0.0.0/",
        "https://224.0.0.1/",
        "https://255.255.255.255/",
        "https://203.0.113.1/",
        "https://[::]/",
        "https://[0:0:0:0:0:ffff:7f00:0001]/",
        "https://[2002:7f00:1::]/",
        "https://[2001:0:7f00:1::]/",
        "https://[fd00:ec2::254]/",
        "https://[fc00::1]/",
        "https://[ff02::1]/",
        "https://[2001:db8::1]/",
        // Whoever reads the URL sees a shop, and what is connected to is the part behind the at.
        "https://shop.example@127.0.0.1/",
        "https://shop.example:443@[::1]/",
        // A name and password would go out with a webhook, to whomever the host is.
        "https://user:password@shop.example/",
        "https://user@1.1.1.1/",
        // A backslash ends the host as a slash does.
        "https:\\\\127.0.0.1\\@shop.example/",
    ] {
        let url = Url::parse(text).unwrap();
        assert_eq!(PRODUCTION.check_url(&url), Err(AddressRefused), "{text}");
    }
}

#[test]
fn plain_http_is_for_loopback_in_the_sandbox() {
    let check = |guard: AddressGuard, text| guard.check_url(&Url::parse(text).unwrap()).is_ok();
    assert!(check(PRODUCTION, "https://shop.example/hook"));
    assert!(check(PRODUCTION, "https://1.1.1.1/hook"));
    assert!(!check(PRODUCTION, "http://shop.example/hook"));
    assert!(!check(PRODUCTION, "http://1.1.1.1/hook"));
    assert!(check(SANDBOX, "http://127.0.0.1:8090/hook"));
    assert!(check(SANDBOX, "http://localhost:8090/hook"));
    assert!(!check(SANDBOX, "http://shop.example/hook"));
    assert!(!check(SANDBOX, "http://10.0.0.1/hook"));
    for text in [
        "ftp://1.1.1.1/",
        "file:///etc/passwd",
        "gopher://1.1.1.1/",
        "data:text/plain,x",
    ] {
        assert!(!check(SANDBOX, text), "{text}");
    }
}

struct Fixed(Vec<SocketAddr>);

#[async_trait]
impl NameLookup for Fixed {
    async fn addresses(&self, _: &str) -> io::Result<Vec<SocketAddr>> {
        Ok(self.0.clone())
    }
}

async fn resolve(addresses: &[&str]) -> Option<Vec<IpAddr>> {
    let addresses = addresses
        .iter()
        .map(|text| SocketAddr::new(text.parse().unwrap(), 0))
        .collect();
    let resolver = GuardedResolver::new(PRODUCTION, Arc::new(Fixed(addresses)));
    let resolved = resolver.resolve("shop.example".parse().unwrap()).await;
    resolved
        .ok()
        .map(|addresses| addresses.map(|address| address.ip()).collect())
}

#[tokio::test]
async fn a_name_is_worth_its_allowed_addresses() {
    assert_eq!(resolve(&["10.0.0.1"]).await, None);
    assert_eq!(resolve(&["::1", "127.0.0.1"]).await, None);
    assert_eq!(resolve(&[]).await, None);
    assert_eq!(
        resolve(&["169.254.169.254", "1.1.1.1"]).await,
        Some(vec!["1.1.1.1".parse().unwrap()])
    );
}

#[tokio::test]
async fn a_name_of_this_machine_is_refused_in_production() {
    let resolver = |guard| GuardedResolver::new(guard, Arc::new(SystemLookup));
    assert!(resolver(PRODUCTION).allowed_addresses("localhost").await.is_err());
    assert!(resolver(SANDBOX).allowed_addresses("localhost").await.is_ok());
}
#[test]
fn what_is_no_url_with_a_host_is_refused_before_anything_else() {
    for text in [
        "https://",
        "https:///hook",
        "https://[fe80::1%25eth0]/",
        "https://[fe80::1%eth0]/",
        "https://[::ffff:127.0.0.1/",
        "https://256.1.1.1/",
        "https://1.1.1.1.1/",
        "https://0x100000000/",
        "https://4294967296/",
        "https://shop example/",
        "https://shop.example:65536/",
        "//shop.example/hook",
        "shop.example/hook",
    ] {
        match Url::parse(text) {
            // The URL standard reads it as a host after all: it must be that one.
            Ok(url) => assert_eq!(url.host_str(), Some("hook"), "{text}"),
            Err(_) => assert!(
                primitives::HttpUrl::parse(text, UrlPolicy::HttpsOnly).is_err(),
                "{text}"
            ),
        }
    }
}

#[test]
fn names_of_this_machine_are_no_loopback_addresses_but_names_to_be_resolved() {
    let check = |text| SANDBOX.check_url(&Url::parse(text).unwrap()).is_ok();
    assert!(
        check("http://LOCALHOST/"),
        "the standard writes hosts in lower case"
    );
    assert!(!check("http://localhost./"));
    assert!(!check("http://localhost.localdomain/"));
    assert!(!check("http://127.0.0.1.nip.io/"));
}
