"""Which addresses of model servers may be entered: those of one's own network, never where clouds keep credentials."""

import ipaddress

import pytest

from common.addresses import LONGEST, AddressError, Rules, check_address, check_host, checked_url, rules_of

pytestmark = pytest.mark.pure

OPEN = Rules()
LISTED = rules_of(["ollama", "*.lab", ipaddress.ip_network("10.20.0.0/16"), ipaddress.ip_network("fd12::/16")])


@pytest.mark.parametrize(
    "url",
    [
        "http://llm:11434",
        "http://gpu_box:11434",
        "https://GPU7",
        "http://192.168.7.20:8080",
        "http://127.0.0.1:11434",
        "http://[::1]:11434",
        "http://[fd12:3::7]:11434",
        "https://models.example.org/ollama",
        "http://localhost:80/",
        "http://xn--bcher-kva.example",
        "http://a-b.c_d.internal.:11434",
    ],
)
def test_addresses_of_ones_own_network_are_taken(url):
    assert checked_url(f" {url} ", OPEN) == url.rstrip("/")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("ftp://llm:21", "begins with http"),
        ("llm:11434", "begins with http"),
        ("//llm:11434", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("http://ada:secret@llm:11434", "environment variable"),
        ("http://llm:11434@169.254.1.1/", "environment variable"),
        ("http://", "nothing is no name of a host"),
        ("http://:11434", "no name of a host"),
        ("http://llm:port", "no address"),
        ("http://llm:99999", "no address"),
        ("http://llm:0", "Port 0"),
        ("http://[::1", "no address"),
        ("http://-llm", "-llm is no name of a host"),
        ("http://ll%6d", "no name of a host"),
        ("http://xn--a.example", "no name of a host"),
        ("http://llm/?q=1", "scheme, host and port"),
        ("http://llm?", "scheme, host and port"),
        ("http://llm/#top", "scheme, host and port"),
        ("http://llm#", "scheme, host and port"),
        ("http://llm/a b", "plain characters"),
        ("http://llm/a;b", "scheme, host and port"),
        ("http://llm\\@other", "plain characters"),
        ("http://l lm", "plain characters"),
        ("http://llm\n.example.org", "plain characters"),
        ("http://ollamä", "plain characters"),
        ("http://" + "a" * 300, "at most 300"),
        ("http://2852039166", "four numbers"),
        ("http://0xa9fea9fe", "four numbers"),
        ("http://169.254.43518", "four numbers"),
        ("http://0251.0376.0251.0376", "four numbers"),
    ],
)
def test_everything_else_is_refused_with_what_to_enter(url, why):
    with pytest.raises(AddressError, match=why):
        checked_url(url, OPEN)


@pytest.mark.parametrize(
    "host",
    [
        "169.254.169.254",
        "169.254.3.4",
        "[fe80::1]",
        "[::ffff:169.254.169.254]",
        "[64:ff9b::a9fe:a9fe]",
        "[2002:a9fe:a9fe::]",
        "[::169.254.169.254]",
        "[fd00:ec2::254]",
        "100.100.100.200",
        "metadata.google.internal",
        "METADATA.google.internal.",
        "metadata",
    ],
)
@pytest.mark.parametrize("rules", [OPEN, rules_of([ipaddress.ip_network("0.0.0.0/0"), "metadata"])])
def test_link_local_and_metadata_are_never_taken_whatever_the_list_says(host, rules):
    with pytest.raises(AddressError, match="never called: machines of clouds give their credentials there"):
        checked_url(f"http://{host}/", rules)


@pytest.mark.parametrize("url", ["http://ollama:1", "http://gpu1.lab", "http://10.20.3.4", "http://[fd12::9]"])
def test_a_list_allows_names_domains_and_networks(url):
    assert checked_url(url, LISTED) == url


@pytest.mark.parametrize("url", ["http://10.21.0.1", "http://[::1]:80"])
def test_what_is_not_listed_is_refused_with_the_list(url):
    with pytest.raises(AddressError, match=r"MODEL_SERVER_HOSTS allows only ollama, \*\.lab, 10\.20\.0\.0/16"):
        checked_url(url, LISTED)


def test_where_names_alone_are_listed_another_name_is_refused():
    rules = rules_of(["Ollama", "*.Lab"])
    for name in ("ollama", "OLLAMA", "ollama.", "gpu1.lab", "deep.gpu1.lab"):
        assert checked_url(f"http://{name}", rules)
        check_host(name, rules)
    for name in ("llm", "ollama.example.org", "lab", "gpulab", "x.ollama"):
        with pytest.raises(AddressError, match=f"^{name} is not called: MODEL_SERVER_HOSTS allows only ollama, .*lab"):
            checked_url(f"http://{name}", rules)


def test_where_networks_alone_are_listed_another_address_is_refused():
    rules = rules_of([ipaddress.ip_network("10.20.0.0/16")])
    assert checked_url("http://10.20.3.4", rules)
    with pytest.raises(AddressError, match=r"^10\.21\.0\.1 is not called: MODEL_SERVER_HOSTS allows only 10\.20"):
        checked_url("http://10.21.0.1", rules)


def test_an_address_may_be_as_long_as_it_can_be_kept_and_a_name_as_long_as_dns_has_it():
    path = "http://llm/" + "p" * (LONGEST - 11)
    name = ".".join(["a" * 63] * 3 + ["b" * 61])
    assert checked_url(path, OPEN) == path
    assert checked_url(f"http://{name}", OPEN).endswith("b" * 61)
    with pytest.raises(AddressError, match=f"at most {LONGEST}"):
        checked_url(f"{path}p", OPEN)
    with pytest.raises(AddressError, match="no name of a host"):
        checked_url(f"http://{name}b", OPEN)


def test_a_name_is_held_against_networks_when_it_is_called():
    assert checked_url("http://somewhere", LISTED) == "http://somewhere"
    check_address(ipaddress.ip_address("10.20.1.1"), "somewhere", LISTED)
    with pytest.raises(AddressError, match=r"somewhere \(10\.9\.9\.9\) is not called"):
        check_address(ipaddress.ip_address("10.9.9.9"), "somewhere", LISTED)


def test_a_name_that_leads_where_credentials_are_kept_is_refused_with_both_and_an_address_alone_is_not_said_twice():
    for address, inner in (("169.254.169.254", "169.254.169.254"), ("::ffff:100.100.100.200", "100.100.100.200")):
        with pytest.raises(AddressError, match=rf"^gpu1 leads to {inner}, which is .*never called"):
            check_address(ipaddress.ip_address(address), "gpu1", OPEN)
    with pytest.raises(AddressError, match=r"^169\.254\.169\.254 is link-local and never called"):
        check_address(ipaddress.ip_address("169.254.169.254"), "169.254.169.254", OPEN)
    with pytest.raises(AddressError, match=r"^metadata\.google\.internal\. is never called"):
        check_host("metadata.google.internal.", OPEN)
