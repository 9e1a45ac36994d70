#include "runtime/transport/resp.h"

#include <catch2/catch.hpp>

namespace policy::transport {
namespace {

using Type = RespValue::Type;

// The only value in `bytes`.
RespValue Read(std::string_view bytes) {
  RespReader reader;
  reader.Append(bytes);
  auto value = reader.Take();
  REQUIRE(value.has_value());
  REQUIRE(value->has_value());
  CHECK_FALSE(reader.Take()->has_value());
  return **value;
}

bool IsRefused(std::string_view bytes) {
  RespReader reader;
  reader.Append(bytes);
  return !reader.Take().has_value();
}

TEST_CASE("a command is an array of bulk strings") {
  std::string bytes;
  AppendRespCommand(bytes, std::vector<std::string>{"GET", "", "a\r\nb"});
  CHECK(bytes == "*3\r\n$3\r\nGET\r\n$0\r\n\r\n$4\r\na\r\nb\r\n");
}

TEST_CASE("every kind of value of both versions is read") {
  CHECK(Read("+OK\r\n").type == Type::Status);
  CHECK(Read("-ERR no\r\n").text == "ERR no");
  CHECK(Read("-ERR no\r\n").is_error());
  CHECK(Read("!5\r\nERR x\r\n").is_error());
  CHECK(Read(":-42\r\n").integer == -42);
  CHECK(Read("#t\r\n").integer == 1);
  CHECK(Read(",1.5\r\n").text == "1.5");
  CHECK(Read("$2\r\n\r\n\r\n").text == "\r\n");
  CHECK(Read("$-1\r\n").type == Type::Nil);
  CHECK(Read("*-1\r\n").type == Type::Nil);
  CHECK(Read("_\r\n").type == Type::Nil);
  CHECK(Read("=7\r\ntxt:abc\r\n").text == "txt:abc");
  CHECK(Read("%1\r\n+a\r\n:1\r\n").items.size() == 2);
  CHECK(Read("~2\r\n:1\r\n:2\r\n").items.size() == 2);
  CHECK(Read(">2\r\n+message\r\n+x\r\n").type == Type::Push);
  const RespValue nested = Read("*2\r\n*1\r\n$1\r\na\r\n_\r\n");
  CHECK(nested.items[0].ItemText(0) == "a");
  CHECK(nested.ItemText(7).empty());
}

TEST_CASE("a value may come in any pieces") {
  const std::string bytes = "*2\r\n$3\r\nabc\r\n:7\r\n+next\r\n";
  RespReader reader;
  int values = 0;
  for (const char c : bytes) {
    reader.Append(std::string_view(&c, 1));
    while (true) {
      const auto value = reader.Take();
      REQUIRE(value.has_value());
      if (!*value) break;
      ++values;
    }
  }
  CHECK(values == 2);
}

TEST_CASE("what is not the protocol, or beyond its bounds, is refused") {
  CHECK(IsRefused("HTTP/1.1 400 Bad Request\r\n"));
  CHECK(IsRefused("\r\n"));
  CHECK(IsRefused(":\r\n"));
  CHECK(IsRefused(":1x\r\n"));
  CHECK(IsRefused(":99999999999999999999\r\n"));
  CHECK(IsRefused("#y\r\n"));
  CHECK(IsRefused("$-2\r\n"));
  CHECK(IsRefused("$1\r\nab\r\n"));
  CHECK(IsRefused("$99999999\r\n"));
  CHECK(IsRefused("*65537\r\n"));
  CHECK(IsRefused("+a\nb\r\n"));
  std::string deep;
  for (int i = 0; i < 9; ++i) deep += "*1\r\n";
  CHECK(IsRefused(deep + ":1\r\n"));
  // Many items at several depths.
  std::string wide = "*300\r\n";
  for (int i = 0; i < 300; ++i) {
    wide += "*300\r\n";
    for (int j = 0; j < 300; ++j) wide += "_\r\n";
  }
  CHECK(IsRefused(wide));
  CHECK(IsRefused(std::string(kRespBytesMax + 100, '+')));
}

}  // namespace
}  // namespace policy::transport
