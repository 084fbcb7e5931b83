import pytest

from accounts.addresses import client_address


@pytest.mark.parametrize(
    "behind_proxy, forwarded, expected",
    [
        (False, "10.1.1.1", "127.0.0.1"),  # anybody may send the header
        (True, "10.1.1.1", "10.1.1.1"),
        (True, "1.2.3.4, 10.1.1.1", "10.1.1.1"),  # the first was the caller's own word
    ],
)
def test_the_lock_out_counts_the_address_the_proxy_saw(
    rf, settings, behind_proxy, forwarded, expected
):
    settings.BEHIND_PROXY = behind_proxy
    request = rf.post("/", headers={"X-Forwarded-For": forwarded})

    assert client_address(request) == expected
