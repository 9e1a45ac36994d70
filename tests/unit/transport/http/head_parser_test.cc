#include "runtime/transport/http/head_parser.h"

#include <array>
#include <catch2/catch.hpp>
#include <string>
#include <vector>

#include "runtime/transport/http/http_limits.h"

namespace policy::transport {
namespace {

struct Read {
  std::array<HttpHeader, kHeadersMax> room;
  std::string bytes;
  HeadEnd end;
  std::expected<ParsedRequest, HeadRefusal> request = std::unexpected(HeadRefusal{});
};

// As the server does it.
void ReadRequest(Read& read, std::string bytes) {
  read.bytes = std::move(bytes);
  std::size_t scanned = 0;
  read.end = FindHeadEnd(read.bytes, scanned);
  if (read.end.state != HeadEnd::State::Complete) return;
  read.request = ParseRequestHead(std::string_view(read.bytes).substr(0, read.end.size), read.room);
}

int Status(const std::string& bytes) {
  Read read;
  ReadRequest(read, bytes);
  if (read.end.state == HeadEnd::State::Malformed) return 400;
  if (read.end.state == HeadEnd::State::Incomplete) return 0;
  return read.request ? 200 : read.request.error().status;
}

std::string Post(const std::string& headers) {
  return "POST /mcp HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

TEST_CASE("a request is read as it is written") {
  Read read;
  ReadRequest(read,
              "POST /mcp/x?a=1&b=%20 HTTP/1.1\r\nHost: example.com:8080\r\n"
              "content-LENGTH:  12 \t\r\nX-Empty:\r\nX-Text: \xc3\xa9 \t b\r\n\r\nbody");
  REQUIRE(read.request);
  const HttpRequestHead& head = read.request->head;
  CHECK(head.method == "POST");
  CHECK(head.target == "/mcp/x?a=1&b=%20");
  CHECK(head.path == "/mcp/x");
  CHECK(head.query == "a=1&b=%20");
  CHECK(head.minor_version == 1);
  CHECK(head.headers.all().size() == 4);
  CHECK(head.headers.Find("HOST") == "example.com:8080");
  CHECK(head.headers.Find("x-empty") == "");
  CHECK(head.headers.Find("x-text") == "\xc3\xa9 \t b");
  CHECK_FALSE(head.headers.Find("x-none"));
  CHECK(read.request->framing.has_length);
  CHECK(read.request->framing.length == 12);
  CHECK(read.request->framing.keeps_alive);
}

TEST_CASE("how a body is delimited and whether the connection stays") {
  const auto framing = [](const std::string& bytes) {
    Read read;
    ReadRequest(read, bytes);
    REQUIRE(read.request);
    return read.request->framing;
  };
  CHECK(framing(Post("Transfer-Encoding: chunked\r\n")).is_chunked);
  CHECK(framing(Post("Transfer-Encoding: Chunked\r\n")).is_chunked);
  CHECK(framing(Post("")).has_length);
  CHECK(framing(Post("")).length == 0);
  CHECK_FALSE(framing(Post("Connection: close\r\n")).keeps_alive);
  CHECK_FALSE(framing(Post("Connection: x , CLOSE\r\n")).keeps_alive);
  CHECK(framing(Post("Connection: keep-alive\r\nConnection: TE\r\n")).keeps_alive);
  CHECK(framing(Post("Expect: 100-Continue\r\n")).expects_continue);
  CHECK_FALSE(framing("GET / HTTP/1.0\r\n\r\n").keeps_alive);
  CHECK_FALSE(framing("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keeps_alive);
}

TEST_CASE("what can be read in two ways is refused") {
  const std::string length = "Content-Length: 4\r\n";
  const std::vector<std::pair<std::string, int>> cases = {
      // Lines.
      {"GET / HTTP/1.1\nHost: a\n\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n\n", 400},
      {"\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"\nGET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\rX: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", 400},
      {"GET / HTTP/1.1\rHost: a\r\n\r\n", 400},
      {Post("X: a\r\n b\r\n"), 400},
      {Post(" X: a\r\n"), 400},
      {Post("\tX: a\r\n"), 400},
      {Post("X : a\r\n"), 400},
      {Post("X\t: a\r\n"), 400},
      {Post(": a\r\n"), 400},
      {Post("X\r\n"), 400},
      {Post("X(y): a\r\n"), 400},
      {Post("X\xc3\xa9: a\r\n"), 400},
      {Post(std::string("X: a\0b\r\n", 8)), 400},
      {Post("X: a\x01\r\n"), 400},
      {Post("X: a\x7f\r\n"), 400},
      {Post("X: a\x0b\r\n"), 400},
      {Post("X: a rather long value with a control character \x1f in it\r\n"), 400},
      // Lengths.
      {Post(length + length), 400},
      {Post(length + "Content-Length: 5\r\n"), 400},
      {Post("Content-Length: 4, 4\r\n"), 400},
      {Post("Content-Length: +4\r\n"), 400},
      {Post("Content-Length: -4\r\n"), 400},
      {Post("Content-Length: 0x4\r\n"), 400},
      {Post("Content-Length: 04\r\n"), 400},
      {Post("Content-Length: 4 4\r\n"), 400},
      {Post("Content-Length:\r\n"), 400},
      {Post("Content-Length: 99999999999999999999\r\n"), 400},
      {Post(length + "Transfer-Encoding: chunked\r\n"), 400},
      {Post("Transfer-Encoding: chunked\r\n" + length), 400},
      {Post("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"), 400},
      {Post("Transfer-Encoding: gzip\r\n"), 501},
      {Post("Transfer-Encoding: gzip, chunked\r\n"), 501},
      {Post("Transfer-Encoding: chunked, identity\r\n"), 501},
      {Post("Transfer-Encoding: \"chunked\"\r\n"), 501},
      {Post("Transfer-Encoding:\r\n"), 501},
      {Post("Transfer-Encoding: \x0b"
            "chunked\r\n"),
       400},
      {"POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
      // Twice.
      {Post("Host: a\r\n"), 400},
      {Post("host: b\r\n"), 400},
      {Post("Authorization: Bearer a\r\nauthorization: Bearer b\r\n"), 400},
      {Post("Content-Type: a/b\r\nContent-Type: a/b\r\n"), 400},
      {Post("Content-Encoding: gzip\r\nContent-Encoding: br\r\n"), 400},
      {Post("Origin: http://a\r\nOrigin: http://b\r\n"), 400},
      {Post("Mcp-Method: a\r\nmcp-method: b\r\n"), 400},
      {Post("Mcp-Param-X: a\r\nMcp-Name: c\r\nMCP-PARAM-x: a\r\n"), 400},
      {Post("Mcp-: a\r\nmcp-: a\r\n"), 400},
      {Post("Mcp-Session-Id: a\r\nMcp-Session-Id: a\r\n"), 400},
      {Post("Last-Event-ID: 1\r\nLast-Event-ID: 2\r\n"), 400},
      // First lines.
      {"GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400},
      {"GET /\r\nHost: a\r\n\r\n", 400},
      {"GET\t/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"G(T / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {" GET / HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1x\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.2\r\nHost: a\r\n\r\n", 505},
      {"GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505},
      {"GET / http/1.1\r\nHost: a\r\n\r\n", 505},
      {"PRI * HTTP/2.0\r\n\r\n", 505},
      {"GET / HTTP/1.1\r\n\r\n", 400},
      {"GET /a b HTTP/1.1\r\nHost: a\r\n\r\n", 505},
      {"GET /a#b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /a\\b HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /\xc3\xa9 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /%zz HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET /%4 HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET * HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"CONNECT a:80 HTTP/1.1\r\nHost: a:80\r\n\r\n", 400},
      {"GET http://b/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a:80/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://b@a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET http://a HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET ftp://a/ HTTP/1.1\r\nHost: a\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a,b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\nHost: b@a\r\n\r\n", 400},
      {Post("Expect: 200-ok\r\n"), 417},
      // What is fine.
      {Post(length), 200},
      {"GET http://a:80/x?y HTTP/1.1\r\nHost: A:80\r\n\r\n", 200},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", 200},
      {"GET / HTTP/1.1\r\nHost: [::1]:80\r\n\r\n", 200},
      {Post("Accept: a\r\nAccept: b\r\nX: 1\r\nX: 2\r\n"), 200},
      {"GET / HTTP/1.0\r\n\r\n", 200},
  };
  for (const auto& [bytes, status] : cases) {
    CAPTURE(bytes);
    CHECK(Status(bytes) == status);
  }
}

TEST_CASE("no prefix of a request is more than incomplete") {
  const std::string bytes =
      "POST /mcp?a=b HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nAccept: text/event-stream\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    CAPTURE(size);
    CHECK(Status(bytes.substr(0, size)) == 0);
    // And the end is found wherever the first part ended.
    std::size_t scanned = 0;
    CHECK(FindHeadEnd(std::string_view(bytes).substr(0, size), scanned).state ==
          HeadEnd::State::Incomplete);
    const HeadEnd end = FindHeadEnd(bytes, scanned);
    CHECK(end.state == HeadEnd::State::Complete);
    CHECK(end.size == bytes.size());
  }
}

TEST_CASE("a control character is found wherever it stands in a value") {
  for (std::size_t size = 1; size < 70; ++size) {
    for (std::size_t at = 0; at < size; ++at) {
      std::string value(size, 'v');
      value[at] = '\x02';
      CHECK_FALSE(IsHeaderValue(value));
      value[at] = '\t';
      CHECK(IsHeaderValue(value));
      value[at] = '\xff';
      CHECK(IsHeaderValue(value));
    }
  }
}

TEST_CASE("headers are at most so many") {
  std::string headers;
  for (std::size_t i = 0; i + 1 < kHeadersMax; ++i) headers += "X: y\r\n";
  CHECK(Status(Post(headers)) == 200);
  CHECK(Status(Post(headers + "X: y\r\n")) == 431);
}

TEST_CASE("a response is read as strictly") {
  const auto read = [](const std::string& bytes, bool is_answer_to_head = false) {
    static std::array<HttpHeader, kHeadersMax> room;
    std::size_t scanned = 0;
    const HeadEnd end = FindHeadEnd(bytes, scanned);
    if (end.state != HeadEnd::State::Complete) {
      return std::expected<ParsedResponse, HeadRefusal>(std::unexpected(HeadRefusal{}));
    }
    return ParseResponseHead(std::string_view(bytes).substr(0, end.size), room,
                             {.is_answer_to_head = is_answer_to_head});
  };
  const auto plain = read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n");
  REQUIRE(plain);
  CHECK(plain->head.status == 200);
  CHECK(plain->head.content_length == 3);
  CHECK(plain->framing.keeps_alive);
  CHECK(read("HTTP/1.1 202\r\n\r\n"));
  CHECK(read("HTTP/1.1 202 \r\n\r\n"));
  CHECK_FALSE(read("HTTP/1.1 200 OK\r\n\r\n")->framing.has_length);
  CHECK(read("HTTP/1.1 204 None\r\nContent-Length: 3\r\n\r\n")->head.content_length == 0);
  CHECK(read("HTTP/1.1 304 None\r\nTransfer-Encoding: chunked\r\n\r\n")->framing.length == 0);
  CHECK(read("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\n", true)->head.content_length == 0);
  CHECK_FALSE(read("HTTP/1.0 200 OK\r\n\r\n")->framing.keeps_alive);
  for (const char* const bytes : {
           "HTTP/1.1 200 OK\nContent-Length: 3\n\n",
           "HTTP/1.1 20 OK\r\n\r\n",
           "HTTP/1.1 2000 OK\r\n\r\n",
           "HTTP/1.1 099 OK\r\n\r\n",
           "HTTP/1.1 600 OK\r\n\r\n",
           "HTTP/1.1  200 OK\r\n\r\n",
           "HTTP/1.1 200 O\x01K\r\n\r\n",
           "HTTP/2.0 200 OK\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
           "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n",
           "HTTP/1.1 200 OK\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n",
           "HTTP/1.1 200 OK\r\nMcp-Session-Id: a\r\nMcp-Session-Id: b\r\n\r\n",
           "HTTP/1.1 200 OK\r\n folded\r\n\r\n",
           "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
       }) {
    CAPTURE(bytes);
    CHECK_FALSE(read(bytes));
  }
}

}  // namespace
}  // namespace policy::transport
