#include "runtime/transport/http/http_url.h"

#include <catch2/catch.hpp>

namespace policy::transport {
namespace {

TEST_CASE("a URL is taken apart") {
  const auto plain = ParseHttpUrl("http://Example.com/mcp?a=b");
  REQUIRE(plain);
  CHECK_FALSE(plain->is_https);
  CHECK(plain->host == "example.com");
  CHECK(plain->port == 80);
  CHECK(plain->authority == "example.com");
  CHECK(plain->target == "/mcp?a=b");
  const auto address = ParseHttpUrl("https://[::1]:8443");
  REQUIRE(address);
  CHECK(address->is_https);
  CHECK(address->host == "::1");
  CHECK(address->port == 8443);
  CHECK(address->authority == "[::1]:8443");
  CHECK(address->target == "/");
  CHECK(ParseHttpUrl("https://a:443/")->authority == "a");
  CHECK(ParseHttpUrl("http://a?b")->target == "/?b");
}

TEST_CASE("what is no URL of an upstream is refused") {
  for (const char* const url : {"",
                                "a",
                                "ftp://a/",
                                "HTTP://a/",
                                "http:///x",
                                "http://:80/",
                                "http://a:/",
                                "http://a:0/",
                                "http://a:080/",
                                "http://a:65536/",
                                "http://a:8x/",
                                "http://u@a/",
                                "http://u:p@a/",
                                "http://a/#b",
                                "http://a b/",
                                "http://a\\b/",
                                "http://a/\xc3\xa9",
                                "http://[::1/",
                                "http://[x]/",
                                "http://[::1]x/",
                                "http://a%20b/",
                                "http://a\r\nHost: b/"}) {
    CAPTURE(url);
    CHECK_FALSE(ParseHttpUrl(url));
  }
}

TEST_CASE("a reference leads from where it stands") {
  const auto base = ParseHttpUrl("https://a.example:8443/sse");
  REQUIRE(base);
  CHECK(ResolveHttpUrl(*base, "/messages?x=1")->target == "/messages?x=1");
  CHECK(ResolveHttpUrl(*base, "/messages")->IsSameOrigin(*base));
  CHECK(ResolveHttpUrl(*base, "https://A.example:8443/m")->IsSameOrigin(*base));
  CHECK_FALSE(ResolveHttpUrl(*base, "https://a.example/m")->IsSameOrigin(*base));
  CHECK_FALSE(ResolveHttpUrl(*base, "http://a.example:8443/m")->IsSameOrigin(*base));
  CHECK_FALSE(ResolveHttpUrl(*base, "//b.example/m"));
  CHECK_FALSE(ResolveHttpUrl(*base, "messages"));
}

}  // namespace
}  // namespace policy::transport
