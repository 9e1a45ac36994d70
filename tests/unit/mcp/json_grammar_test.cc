// What is JSON and what is not, class by class, and against another reader.
#include <re2/re2.h>
#include <simdjson.h>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "runtime/mcp/message.h"

namespace policy::mcp {
namespace {

using std::string_literals::operator""s;

enum class Verdict { Accepted, NotJson, Refused };

// `value` as an argument of a call: the place where any value may stand.
Verdict ReadValue(const std::string& value) {
  static MessageReader reader(Direction::FromClient);
  const std::string message =
      R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t","arguments":{"a":)" +
      value + "}}}";
  const auto read = reader.Read(message, nullptr);
  if (read) return Verdict::Accepted;
  return read.error().code == -32700 ? Verdict::NotJson : Verdict::Refused;
}

TEST_CASE("values that are JSON") {
  const std::string rows[] = {"null",
                              "true",
                              "false",
                              "0",
                              "-0",
                              "-0.0",
                              "1",
                              "-1",
                              "123456789012345678901234567890",
                              "1e400",
                              "-1E-400",
                              "1e+2",
                              "0.0000000001",
                              "1.5E3",
                              "0e0",
                              "0E+1",
                              "20e1",
                              R"("")",
                              R"("a")",
                              R"(" ")",
                              R"("\"\\\/\b\f\n\r\t")",
                              R"("\u0000")",
                              R"("\u001f")",
                              R"("\uD834\udd1E")",
                              R"("\uFFFF")",
                              R"("\u2028")",
                              "\"\u2028\u2029\"",
                              "\"\x7F\"",
                              "\"\u00E9\u20AC\U0001F600\"",
                              "\"\xEF\xBF\xBF\"",
                              "\"\xF4\x8F\xBF\xBF\"",
                              R"("/*c*/")",
                              "[]",
                              "[ ]",
                              "[1]",
                              "[ 1 , 2 ]",
                              "[[],[[]],{}]",
                              "[null,1,\"1\",{}]",
                              "\t[\n1\t]\n",
                              "{}",
                              "{ }",
                              R"({"":0})",
                              R"({"a":1,"b":2})",
                              R"({"a":{"a":{"a":1}}})",
                              R"({ "a" : 1 , "b" : [ ] })",
                              R"({"\u0061":1})",
                              R"({"a\u0000b":1})",
                              R"([{"a":1},{"a":2}])",
                              "\r\n1\r\n"};
  for (const std::string& value : rows) {
    CAPTURE(value);
    CHECK(ReadValue(value) == Verdict::Accepted);
  }
}

TEST_CASE("texts that are not JSON") {
  const std::string rows[] = {
      // missing, doubled and misplaced structure
      "", " ", ",", "[,1]", "[1,]", "[1,,2]", "[1 2]", "[1", "[1,", "[", "]", "[}", "{]", "[1}",
      "{", "{,}", "{\"a\"}", "{\"a\":}", "{\"a\":1,}", "{\"a\" 1}", "{\"a\"::1}",
      "{\"a\":1 \"b\":2}", "{\"a\":1,,\"b\":2}", "{:1}", "{1:1}", "{a:1}", "{'a':1}", "{null:1}",
      "{[]:1}", "{\"a\",1}", "{\"a\":1:2}", "[\"a\":1]", "[1:2]", "1 2", "1,2", "{}{}", "[][]",
      "()", "<null>", "*",
      // literals
      "nul", "nulll", "True", "FALSE", "tru", "truee", "NaN", "nan", "Infinity", "-Infinity", "inf",
      "undefined", "\xEF\xBC\x91",
      // numbers
      "-", "+1", "--1", "01", "-01", "00", "1.", ".5", "-.5", "1.e1", "1e", "1e+", "1E-", "1ee2",
      "1e1.5", "0x10", "1_000", "1,5", "1.2.3", "1-2", "1+2", "- 1", "1 .5", "0b1", "1f", "1e5x",
      "-NaN", "1\0"s,
      // strings
      "\"", "\"a", "\"a\\", "\"a\\\"", "'a'", "\"\\x41\"", "\"\\'\"", "\"\\a\"", "\"\\0\"",
      "\"\\u\"", "\"\\u12\"", "\"\\u123\"", "\"\\u12G4\"", "\"\\U0041\"", "\"\\u 041\"",
      "\"\\uD800\\u\"", "\"\\uD800\\uD8\"", "\"\\\"", "\"a\nb\"", "\"a\tb\"", "\"a\rb\"", "\"\0\""s,
      "\"a\0b\""s, "\"\x1F\"", "\"\x01\"", "\"a\" \"b\"", "\"\\\xE9\"",
      // UTF-8
      "\"\x80\"", "\"\xBF\"", "\"\xC0\xAF\"", "\"\xC1\x81\"", "\"\xE0\x80\xAF\"", "\"\xE9\"",
      "\"\xED\xA0\x80\"", "\"\xED\xB0\x80\"", "\"\xED\xA0\xBD\xED\xB8\x80\"",
      "\"\xF0\x80\x80\xAF\"", "\"\xF4\x90\x80\x80\"", "\"\xF8\x88\x80\x80\x80\"", "\"\xFE\"",
      "\"\xFF\"", "\"\xC3\"", "\"\xE2\x82\"", "\"\xF0\x9F\x98\"", "{\"\xFF\":1}", "\xFF",
      "\xC3\xA9",
      // white space and comments
      "\f1", "\v1", "1\x0B",
      "\xC2\xA0"
      "1",
      "\xE2\x80\xA8"
      "1",
      "1 // c", "1 /* c */", "# c\n1",
      "\xEF\xBB\xBF"
      "1",
      "1\0"s, "\0"s};
  for (const std::string& value : rows) {
    CAPTURE(value);
    CHECK(ReadValue(value) == Verdict::NotJson);
  }
}

TEST_CASE("JSON that two readers could read differently") {
  const std::string rows[] = {R"({"a":1,"a":1})",
                              R"({"a":1,"b":2,"a":3})",
                              R"({"a":1,"\u0061":2})",
                              R"([[{"a":1,"a":2}]])",
                              R"({"a":1,"A":2})",
                              R"({"kind":1,"\u212Aind":2})",
                              R"({"__proto__":1})",
                              R"({"x":{"\u005f_proto__":{}}})",
                              R"("\uD800")",
                              R"("\uDC00")",
                              R"("\uDC00\uD800")",
                              R"("\uD800a")",
                              R"("\uD800\n")",
                              R"("\uD800\uD800\uDC00")",
                              R"({"\uD800":1})",
                              "\r1",
                              "1\r",
                              "[1,\r2]",
                              "\r\r\n1",
                              std::string(kNumberBytesMax + 1, '1')};
  for (const std::string& value : rows) {
    CAPTURE(value);
    CHECK(ReadValue(value) == Verdict::Refused);
  }
  CHECK(ReadValue(std::string(kNumberBytesMax, '1')) == Verdict::Accepted);
}

TEST_CASE("nesting and members have limits") {
  // The value stands in the envelope, params and arguments.
  const auto nested = [](std::size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  CHECK(ReadValue(nested(kDepthMax - 3)) == Verdict::Accepted);
  CHECK(ReadValue(nested(kDepthMax - 2)) == Verdict::Refused);
  CHECK(ReadValue(std::string(1'000'000, '[')) == Verdict::Refused);
  std::string members = "{";
  for (std::size_t i = 0; i < kMembersMax; ++i) members += "\"" + std::to_string(i) + "\":0,";
  members.back() = '}';
  CHECK(ReadValue(members) == Verdict::Accepted);
  members.back() = ',';
  CHECK(ReadValue(members + "\"x\":0}") == Verdict::Refused);
  CHECK(ReadValue(members + "\"0\":0}") == Verdict::Refused);
}

// Strings are scanned in blocks: what ends or spoils one is seen at every place of a block, and at
// every distance from the end of the text.
TEST_CASE("strings of every length, spoiled at every place") {
  MessageReader reader(Direction::FromClient);
  const auto reads = [&reader](const std::string& key, const std::string& value) {
    // The exact size on the heap, so that a read past the end is seen by the address sanitizer.
    const std::string text =
        R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"t",)"
        R"("arguments":{")" +
        key + R"(":")" + value + "\"}}}";
    const std::vector<char> message(text.begin(), text.end());
    const auto read = reader.Read({message.data(), message.size()}, nullptr);
    return read.has_value();
  };
  for (std::size_t size = 0; size <= 40; ++size) {
    CAPTURE(size);
    const std::string plain(size, 'x');
    REQUIRE(reads("k", plain));
    REQUIRE(reads(plain, "v"));
    for (std::size_t at = 0; at < size; ++at) {
      for (const int byte : {0x00, 0x09, 0x0A, 0x0D, 0x1F, 0x20, 0x21, 0x22, 0x5B, 0x5C, 0x5D, 0x7D,
                             0x7F, 0x80, 0xC3, 0xED, 0xFF}) {
        std::string spoiled = plain;
        spoiled[at] = static_cast<char>(byte);
        const bool is_fine = byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
        CAPTURE(at, byte);
        REQUIRE(reads("k", spoiled) == is_fine);
        REQUIRE(reads(spoiled, "v") == is_fine);
      }
    }
  }
}

// Pieces of JSON put together at random: mostly broken, often nearly right.
std::string RandomText(std::mt19937& random) {
  static const std::vector<std::string> pieces = {
      "{",          "}",  "[",      "]", ",",    ":",       "\"a\"", "\"b\"", "\"\\u00e9\"",
      "\"\u00e9\"", "1",  "-0.5e3", "0", "true", "null",    " ",     "\n",    "\"\\",
      "\"",         "01", "-",      "e", "\x80", "{\"c\":", "[[",    "]]",    "}}"};
  std::string text;
  const std::size_t count = random() % 12;
  for (std::size_t i = 0; i < count; ++i) text += pieces[random() % pieces.size()];
  return text;
}

std::string RandomValue(std::mt19937& random, int depth) {
  switch (random() % (depth > 3 ? 6 : 8)) {
    case 0:
      return "null";
    case 1:
      return random() % 2 ? "true" : "false";
    case 2:
      return std::to_string(static_cast<int>(random())) + (random() % 2 ? ".25e-3" : "");
    case 3:
      return "\"" + std::string(random() % 20, 'x') + "\\n\"";
    case 4:
      return "\"\u00e9\\ud83d\\ude00\"";
    case 5:
      return "\"\"";
    case 6: {
      std::string list = "[";
      const std::size_t count = random() % 4;
      for (std::size_t i = 0; i < count; ++i) {
        list += (i ? " , " : "") + RandomValue(random, depth + 1);
      }
      return list + "]";
    }
    default: {
      std::string record = "{";
      const std::size_t count = random() % 4;
      for (std::size_t i = 0; i < count; ++i) {
        record +=
            (i ? "," : "") + ("\"k" + std::to_string(i) + "\" : ") + RandomValue(random, depth + 1);
      }
      return record + "}";
    }
  }
}

// nlohmann takes a number that is too large for a double for a mistake.
bool HasLargeExponent(const std::string& text) {
  static const re2::RE2 pattern("[eE][-+]?[0-9]{3}");
  return re2::RE2::PartialMatch(text, pattern);
}

// Whether nlohmann reads it, and no record has a key twice.
bool PeerAccepts(const std::string& text) {
  std::vector<std::vector<std::string>> open;
  bool has_twice = false;
  const auto callback = [&](int, nlohmann::json::parse_event_t event, nlohmann::json& parsed) {
    using Event = nlohmann::json::parse_event_t;
    if (event == Event::object_start) open.emplace_back();
    if (event == Event::object_end) open.pop_back();
    if (event == Event::key) {
      const std::string key = parsed.get<std::string>();
      for (const std::string& known : open.back()) has_twice = has_twice || known == key;
      open.back().push_back(key);
    }
    return true;
  };
  const auto parsed = nlohmann::json::parse(text, callback, /*allow_exceptions=*/false);
  return !parsed.is_discarded() && !has_twice;
}

// simdjson takes the first of two equal keys, and so has no opinion on them.
bool SimdjsonAccepts(const std::string& text) {
  static simdjson::dom::parser parser;
  return parser.parse(text).error() == simdjson::SUCCESS;
}

TEST_CASE("other readers agree on what is JSON") {
  const unsigned seed = GENERATE(7u, 8u, 9u);
  std::mt19937 random(seed);
  int accepted = 0;
  for (int i = 0; i < 30'000; ++i) {
    std::string text = i % 2 == 0 ? RandomText(random) : RandomValue(random, 0);
    if (i % 4 == 1 && !text.empty()) {  // one byte off
      static const std::string bytes = "{}[],:\"\\ue0-+. \n\x80\x01";
      text[random() % text.size()] = bytes[random() % bytes.size()];
    }
    // A text that closes what stands around it would be read as more than a value.
    if (HasLargeExponent(text) || (i % 4 != 3 && text.contains('}'))) continue;
    const Verdict verdict = ReadValue(text);
    CAPTURE(seed, text);
    CHECK(PeerAccepts(text) == (verdict == Verdict::Accepted));
    // A lone surrogate is no JSON to simdjson; to us it is JSON that is refused.
    if (verdict == Verdict::Refused && text.contains("\\ud")) continue;
    CHECK(SimdjsonAccepts(text) == (verdict != Verdict::NotJson));
    accepted += verdict == Verdict::Accepted;
  }
  CHECK(accepted > 5'000);
}

}  // namespace
}  // namespace policy::mcp
