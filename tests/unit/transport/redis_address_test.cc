#include "runtime/transport/redis_address.h"

#include <catch2/catch.hpp>

namespace policy::transport {
namespace {

TEST_CASE("addresses of a Redis") {
  const auto plain = ParseRedisAddress("redis://h");
  REQUIRE(plain.has_value());
  CHECK(plain->nodes == std::vector<RedisNode>{{"h", "6379"}});
  CHECK(plain->pool == "policyd");
  CHECK_FALSE(plain->has_tls);

  const auto full = ParseRedisAddress("rediss://u@[::1]:7000/3?pool=team");
  REQUIRE(full.has_value());
  CHECK(full->nodes == std::vector<RedisNode>{{"::1", "7000"}});
  CHECK(full->has_tls);
  CHECK(full->user == "u");
  CHECK(full->database == 3);
  CHECK(full->pool == "team");

  const auto local = ParseRedisAddress("redis+unix:///run/r.sock?pool=a");
  REQUIRE(local.has_value());
  CHECK(local->nodes == std::vector<RedisNode>{{"/run/r.sock", ""}});

  const auto watched = ParseRedisAddress("redis+sentinel://a,b:1/main/2");
  REQUIRE(watched.has_value());
  CHECK(watched->nodes == std::vector<RedisNode>{{"a", "26379"}, {"b", "1"}});
  CHECK(watched->master == "main");
  CHECK(watched->database == 2);
}

TEST_CASE("what is no address of a Redis is refused") {
  for (const char* url : {"",
                          "redis",
                          "http://h",
                          "redis://",
                          "redis://h:0",
                          "redis://h:70000",
                          "redis://h:x",
                          "redis://a,b",
                          "redis://h/x",
                          "redis://h/-1",
                          "redis://h?x=1",
                          "redis://h?pool=",
                          "redis://h?pool={a}",
                          "redis://u:p@h",
                          "redis://:p@h",
                          "redis+unix://",
                          "redis+unix://rel",
                          "redis+sentinel://a",
                          "redis+sentinel://a/",
                          "redis://[::1",
                          "redis://[::1]x"}) {
    CAPTURE(url);
    CHECK_FALSE(ParseRedisAddress(url).has_value());
  }
}

}  // namespace
}  // namespace policy::transport
