#include "runtime/transport/http/sse.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy::transport {
namespace {

std::string Show(const SseEvent& event) {
  std::string text = "[" + std::string(event.event) + "|";
  text += event.id ? std::string(*event.id) : "-";
  text += "|" + (event.has_data ? std::string(event.data) : "-") + "|";
  return text + (event.retry ? std::string(*event.retry) : "-") + "]";
}

std::string ReadAll(std::string_view bytes, std::size_t piece, std::size_t limit = 1'000) {
  SseReader reader(limit);
  std::string shown;
  while (!bytes.empty()) {
    const std::string_view part = bytes.substr(0, piece);
    bytes.remove_prefix(part.size());
    const bool goes_on = reader.Feed(part, [&shown](const SseEvent& event) {
      shown += Show(event);
      return true;
    });
    if (!goes_on) return shown + "failed";
  }
  return shown + (reader.is_in_event() ? "…" : "");
}

TEST_CASE("events are read, however the stream was cut") {
  const std::pair<std::string, std::string> cases[] = {
      {"data: a\n\n", "[|-|a|-]"},
      {"data:a\r\n\r\n", "[|-|a|-]"},
      {"data: a\r\rdata: b\r\r", "[|-|a|-][|-|b|-]"},
      {"data: a\ndata: b\ndata\n\n", "[|-|a\nb\n|-]"},
      {"\xef\xbb\xbf"
       "data: a\n\n",
       "[|-|a|-]"},
      {"event: message\nid: 7\ndata: {\"x\": 1}\n\n", "[message|7|{\"x\": 1}|-]"},
      {"id: 1\ndata: \n\n", "[|1||-]"},
      {"id\nretry: 500\n\n", "[||-|500]"},
      {"id: 3\nretry: 500\n\n", "[|3|-|500]"},
      {"event: x\n\ndata: a\n\n", "[|-|a|-]"},
      {": keepalive\n\n", ""},
      {"\n\n\n", ""},
      {"retry: soon\n\n", ""},
      {"other: x\n\ndata:  two\n\n", "[|-| two|-]"},
      {"data: a\u2028b\u0085c\n\n", "[|-|a\u2028b\u0085c|-]"},
      {"data: a\n\ndata: b", "[|-|a|-]…"},
      {"data: a\n", "…"},
      {"id: a\ndata: x\n\ndata: y\n\n", "[|a|x|-][|-|y|-]"},
  };
  for (const auto& [bytes, written] : cases) {
    const std::string& expected = written;
    for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
      CAPTURE(bytes, piece);
      CHECK(ReadAll(bytes, piece) == expected);
    }
  }
}

TEST_CASE("an event is at most so long") {
  CHECK(ReadAll("data: 12345\n\n", 3, 11) == "[|-|12345|-]");
  CHECK(ReadAll("data: 123456789012345\n\n", 3, 11) == "failed");
  CHECK(ReadAll("data: 1234\ndata: 1234\ndata: 1234\n\n", 100, 14) == "failed");
  CHECK(ReadAll("data: 1\n\ndata: 2\n\ndata: 3\n\n", 100, 14) == "[|-|1|-][|-|2|-][|-|3|-]");
}

TEST_CASE("a reader that is stopped stays so") {
  SseReader reader(100);
  int events = 0;
  CHECK_FALSE(reader.Feed("data: a\n\ndata: b\n\n", [&events](const SseEvent&) {
    ++events;
    return false;
  }));
  CHECK(events == 1);
}

TEST_CASE("what is written is read again") {
  const SseEvent events[] = {
      {.data = "{}", .has_data = true},
      {.event = "endpoint", .id = "9", .data = "/messages?x=y", .has_data = true},
      {.id = "1", .data = "", .has_data = true},
      {.id = "2", .retry = "100"},
  };
  for (const SseEvent& event : events) {
    std::string out;
    AppendSseEvent(out, event);
    CHECK(ReadAll(out, out.size()) == Show(event));
  }
  std::string out;
  AppendSseEvent(out, {.data = "a\nb\r\nc\rd"});
  CHECK(ReadAll(out, 1) == "[|-|a\nb\nc\nd|-]");
  out.clear();
  AppendSseComment(out, "keepalive");
  CHECK(out == ": keepalive\n\n");
}

}  // namespace
}  // namespace policy::transport
