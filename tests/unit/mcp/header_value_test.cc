#include "runtime/mcp/header_value.h"

#include <catch2/catch.hpp>
#include <optional>
#include <string>

namespace policy::mcp {
namespace {

TEST_CASE("texts in headers: the examples of the specification, both ways") {
  struct Row {
    std::string text;
    std::string value;
  };
  const Row rows[] = {
      {"us-west1", "us-west1"},
      {"Hello, 世界", "=?base64?SGVsbG8sIOS4lueVjA==?="},
      {" padded ", "=?base64?IHBhZGRlZCA=?="},
      {"line1\nline2", "=?base64?bGluZTEKbGluZTI=?="},
      {"=?base64?literal?=", "=?base64?PT9iYXNlNjQ/bGl0ZXJhbD89?="},
      {"=?base64?=", "=?base64?PT9iYXNlNjQ/PQ==?="},
      {"",
       "=?base64?"
       "?="},
      {"a\tb c", "a\tb c"},
      {"=?BASE64?YQ==?=", "=?BASE64?YQ==?="},
      {"=?base64?YQ==", "=?base64?YQ=="},
      {std::string(1, '\0'), "=?base64?AA==?="},
      {"\x7F", "=?base64?fw==?="},
  };
  for (const Row& row : rows) {
    CAPTURE(row.text);
    CHECK(EncodeHeaderValue(row.text) == row.value);
    CHECK(DecodeHeaderValue(row.value) == row.text);
  }
}

TEST_CASE("what says no text is refused") {
  const std::string values[] = {
      "=?base64?YQ?=",        // no padding
      "=?base64?YQ=?=",       // too little
      "=?base64?YQ===?=",     // too much
      "=?base64?YR==?=",      // bits left over
      "=?base64?YWJ=?=",      // the same, two bytes
      "=?base64?YQ==YQ==?=",  // padding in the middle
      "=?base64?=YQ=?=",      //
      "=?base64?====?=",      //
      "=?base64?YW Jj?=",     // white space
      "=?base64?YWJ-?=",      // the other alphabet
      "=?base64?gA==?=",      // not UTF-8
      "=?base64?7aCA?=",      // a surrogate
      "=?base64?=",           // opening and closing overlap
      "caf\xC3\xA9",          // beyond ASCII
      std::string("a\0b", 3), "a\nb", "a\x7F",
  };
  for (const std::string& value : values) {
    CAPTURE(value);
    CHECK(!DecodeHeaderValue(value));
  }
  CHECK(DecodeHeaderValue(" a ") == "a");
  CHECK(DecodeHeaderValue("") == "");
}

TEST_CASE("base64 of every short run of bytes comes back, and nothing else says it") {
  std::string bytes;
  for (int i = 0; i < 200; ++i) {
    const std::string text = EncodeBase64(bytes);
    CHECK(DecodeBase64(text) == bytes);
    for (const char c : {'A', '=', '/'}) {
      if (text.empty()) break;
      std::string other = text;
      other.back() = c;
      if (other == text) continue;
      const auto read = DecodeBase64(other);
      CHECK((!read || *read != bytes));
    }
    bytes += static_cast<char>(i * 37);
  }
}

}  // namespace
}  // namespace policy::mcp
