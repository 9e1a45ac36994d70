// Names, letter case, UTF-8, paths and URLs: everything that is judged by its text.
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <vector>

#include "runtime/value/fold.h"
#include "runtime/value/glob.h"
#include "runtime/value/name_hash.h"
#include "runtime/value/path_text.h"
#include "runtime/value/text_hash.h"
#include "runtime/value/url_text.h"
#include "runtime/value/utf8.h"

namespace policy {
namespace {

using std::string_literals::operator""s;

TEST_CASE("a star matches any bytes, nothing else is special") {
  struct Row {
    const char* pattern;
    const char* text;
    bool want;
  };
  const Row rows[] = {{"", "", true},
                      {"", "a", false},
                      {"*", "", true},
                      {"*", "anything", true},
                      {"**", "", true},
                      {"a*", "a", true},
                      {"a*", "ab", true},
                      {"a*", "ba", false},
                      {"*a", "ba", true},
                      {"*a", "ab", false},
                      {"a*a", "a", false},
                      {"a*a", "aa", true},
                      {"a*b*c", "abc", true},
                      {"a*b*c", "axxbyyc", true},
                      {"a*b*c", "acb", false},
                      {"*ab*ab*", "abab", true},
                      {"*ab*ab*", "aab", false},
                      {"ab*bc", "abc", false},
                      {"a?c", "abc", false},
                      {"a?c", "a?c", true},
                      {"[a]", "a", false},
                      {"a\\*", "a\\x", true},
                      {"send_*", "SEND_x", false},
                      {"a*bc*bcd", "abcbcd", true}};
  for (const Row& row : rows) {
    CAPTURE(row.pattern, row.text);
    CHECK(GlobMatches(row.pattern, row.text) == row.want);
  }
  CHECK(GlobMatches("a*\nb", "a\n\nb"));
  // Backtracking would not end in a lifetime.
  std::string pattern;
  for (int i = 0; i < 500; ++i) pattern += "*aaaaaaab";
  CHECK_FALSE(GlobMatches(pattern + "c", std::string(200'000, 'a')));
}

TEST_CASE("the hash of texts never changes") {
  CHECK(HashBytes("") == HashBytes(""));
  std::set<std::uint64_t> seen;
  std::string text;
  for (int i = 0; i < 200; ++i, text += static_cast<char>(i)) seen.insert(HashBytes(text));
  for (int i = 0; i < 10'000; ++i) seen.insert(HashBytes("tool_" + std::to_string(i)));
  CHECK(seen.size() == 10'200);
  CHECK(HashBytes("a", 1) != HashBytes("a", 2));
  // In program files: these values are for ever.
  CHECK(HashBytes("") == 0xAE0D744568E8E175);
  CHECK(HashBytes("amount") == 0xB2C40AD7C95BE167);
  CHECK(HashBytes("create_refund") == 0x105BA0E7954A6540);
}

TEST_CASE("letter case folds as Go folds it") {
  struct Row {
    const char* a;
    const char* b;
    bool want;
  };
  const Row rows[] = {{"", "", true},
                      {"name", "NAME", true},
                      {"name", "nam", false},
                      {"arguments", "argument\u017F", true},
                      {"kind", "\u212Aind", true},
                      {"STRASSE", "stra\u00DFe", false},
                      {"\u1E9E", "\u00DF", true},
                      {"\u03A3", "\u03C2", true},
                      {"\u03C3", "\u03C2", true},
                      {"\u0130", "i", false},
                      {"\u0131", "I", false},
                      {"\u00C5", "\u212B", true},
                      {"\u0410", "\u0430", true},
                      {"a", "\u0430", false},
                      {"\u1F88", "\u1F80", true},
                      {"\U00010400", "\U00010428", true},
                      {"\u13A0", "\uAB70", true},
                      {"[", "{", false},
                      {"@", "`", false},
                      {"\xFF", "\xFF", true},
                      {"\xFF", "\xFE", false},
                      {"\xC3", "\xC3\xA9", false}};
  for (const Row& row : rows) {
    CAPTURE(row.a, row.b);
    CHECK(EqualFolded(row.a, row.b) == row.want);
    CHECK(EqualFolded(row.b, row.a) == row.want);
    std::string folded_a, folded_b;
    AppendFolded(row.a, folded_a);
    AppendFolded(row.b, folded_b);
    CHECK((folded_a == folded_b) == row.want);
    if (row.want) CHECK(NameHash(row.a, NameHashSeed()) == NameHash(row.b, NameHashSeed()));
  }
  // Folding is done in one step, for every code point.
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (FoldCodePoint(FoldCodePoint(c)) != FoldCodePoint(c))
      FAIL("not idempotent: " << static_cast<unsigned>(c));
  }
}

TEST_CASE("UTF-8 is valid or not") {
  for (const char* text : {"", "a", "\u00E9", "\u20AC", "\U0001F600", "\u2028", "\xF4\x8F\xBF\xBF",
                           "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF"}) {
    CAPTURE(text);
    CHECK(IsValidUtf8(text));
    CHECK(IsValidUtf8("longer than a word, then: "s + text));
  }
  for (const char* text : {"\x80",
                           "\xC0\x80",
                           "\xC1\xBF",
                           "\xE0\x80\x80",
                           "\xE0\x9F\xBF",
                           "\xED\xA0\x80",
                           "\xED\xBF\xBF",
                           "\xF0\x80\x80\x80",
                           "\xF0\x8F\xBF\xBF",
                           "\xF4\x90\x80\x80",
                           "\xF5\x80\x80\x80",
                           "\xFF",
                           "\xC3",
                           "\xE2\x82",
                           "\xF0\x9F\x98",
                           "\xC3(",
                           "\xE2\x28\xA1",
                           "\xF0\x9F\x28\x80",
                           "\xE9",
                           "a\xE2\x82"}) {
    CAPTURE(text);
    CHECK_FALSE(IsValidUtf8(text));
    CHECK_FALSE(IsValidUtf8("longer than a word, then: "s + text));
  }
  for (char32_t c = 0; c < 0x110000; ++c) {
    if (c >= 0xD800 && c < 0xE000) continue;
    char room[4];
    const std::string_view text(room, EncodeUtf8(c, room));
    if (!IsValidUtf8(text) || DecodeUtf8(text) != c || CountCodePoints(text) != 1)
      FAIL(static_cast<unsigned>(c));
  }
}

TEST_CASE("paths are under a root, not under it, or uncertain") {
  struct Row {
    std::string path;
    const char* root;
    Truth want;
  };
  const Row rows[] = {
      {"/srv/app/x", "/srv/app", Truth::True},
      {"/srv/app", "/srv/app", Truth::True},
      {"/srv/app/", "/srv/app", Truth::True},
      {"/srv/app/x", "/srv/app/", Truth::True},
      {"/srv/app", "/srv/app/", Truth::True},
      {"/anything", "/", Truth::True},
      {"/", "/", Truth::True},
      {"/srv/app/..x", "/srv/app", Truth::True},
      {"/srv/app/x..", "/srv/app", Truth::True},
      {"/srv/app//x", "/srv/app", Truth::True},
      {"/srv/app/./x", "/srv/app", Truth::True},
      {"/srv/app/.", "/srv/app", Truth::True},
      {"/srv/app/caf\u00E9 x", "/srv/app", Truth::True},
      {"/srv/application", "/srv/app", Truth::False},
      {"/srv", "/srv/app", Truth::False},
      {"/", "/srv/app", Truth::False},
      {"/srv/App/x", "/srv/app", Truth::False},
      {"/etc//passwd", "/srv/app", Truth::False},
      {"/srv//app/x", "/srv/app", Truth::Unknown},
      {"/./srv/app/x", "/srv/app", Truth::Unknown},
      {"/srv/app/../x", "/srv/app", Truth::Unknown},
      {"/srv/app/a/../x", "/srv/app", Truth::Unknown},
      {"/etc/..", "/srv/app", Truth::Unknown},
      {"/srv/app/...", "/srv/app", Truth::Unknown},
      {"/srv/app/.. /x", "/srv/app", Truth::Unknown},
      {"", "/srv/app", Truth::Unknown},
      {"srv/app/x", "/srv/app", Truth::Unknown},
      {"./x", "/srv/app", Truth::Unknown},
      {"~/x", "/srv/app", Truth::Unknown},
      {"/~root/x", "/srv/app", Truth::Unknown},
      {"/srv/app/$HOME", "/srv/app", Truth::Unknown},
      {"/srv/app/%2e%2e/x", "/srv/app", Truth::Unknown},
      {"/srv/app\\..\\x", "/srv/app", Truth::Unknown},
      {"/srv/app/x\0.txt"s, "/srv/app", Truth::Unknown},
      {"//host/share", "/srv/app", Truth::Unknown},
      {"/c:/srv", "/srv/app", Truth::Unknown},
      {"C:/srv/app", "/srv/app", Truth::Unknown},
      {"\\\\host\\share", "/srv/app", Truth::Unknown},
      {"file:///srv/app/x", "/srv/app", Truth::Unknown},
      {"/srv/app/x", "srv", Truth::Unknown},
      {"/srv/app/x", "/srv/../srv", Truth::Unknown},
      {"/srv/app/x", "", Truth::Unknown},
  };
  for (const Row& row : rows) {
    CAPTURE(row.path, row.root);
    CHECK(IsUnder(row.path, row.root) == row.want);
  }
  CHECK(IsPlainRoot("/"));
  CHECK(IsPlainRoot("/srv/app/"));
  for (const char* root : {"", "srv", "/a//b", "/a/./b", "/a/../b", "//a", "/$a", "~", "/c:/a"}) {
    CAPTURE(root);
    CHECK_FALSE(IsPlainRoot(root));
  }
}

TEST_CASE("a URL has one host, or none is sure") {
  struct Row {
    std::string url;
    const char* want;  // null: uncertain
  };
  const Row rows[] = {
      {"http://example.com", "example.com"},
      {"https://example.com/", "example.com"},
      {"HTTPS://EXAMPLE.com:8443/a?b#c", "example.com"},
      {"http://a-b_c.example.com/@me", "a-b_c.example.com"},
      {"http://example.com?q=1", "example.com"},
      {"http://example.com#top", "example.com"},
      {"http://127.0.0.1/", "127.0.0.1"},
      {"http://localhost:1", "localhost"},
      {"http://example.com:65535", "example.com"},
      {"http://xn--bcher-kva.example/", "xn--bcher-kva.example"},
      {"http://1.example", "1.example"},
      {"https://example.com/caf\u00E9", "example.com"},
      {"", nullptr},
      {"example.com", nullptr},
      {"//example.com", nullptr},
      {"ftp://example.com", nullptr},
      {"http:example.com", nullptr},
      {"http:/example.com", nullptr},
      {"http:///example.com", nullptr},
      {"http://", nullptr},
      {"http://user@example.com", nullptr},
      {"http://user:pass@example.com", nullptr},
      {"http://example.com@evil.com", nullptr},
      {"http://example.com:80@evil.com", nullptr},
      {"http://example.com#@evil.com", nullptr},
      {"http://example.com?@evil.com", nullptr},
      {"http://example.com\\@evil.com", nullptr},
      {"http://example.com/a\\b", nullptr},
      {"http://example.com\t.evil.com", nullptr},
      {"http://exa\nmple.com", nullptr},
      {" http://example.com", nullptr},
      {"http://example.com ", nullptr},
      {"http://example.com/a\0b"s, nullptr},
      {"http://example.com/\x7F", nullptr},
      {"http://b\u00FCcher.example", nullptr},
      {"http://example.com\uFF0Fevil.com", nullptr},
      {"http://\uFF45xample.com", nullptr},
      {"http://ex%61mple.com", nullptr},
      {"http://example.com.", nullptr},
      {"http://.example.com", nullptr},
      {"http://a..b", nullptr},
      {"http://a-.b", "a-.b"},
      {"http://[::1]/", nullptr},
      {"http://example.com:", nullptr},
      {"http://example.com:0", nullptr},
      {"http://example.com:080", nullptr},
      {"http://example.com:65536", nullptr},
      {"http://example.com:99999999999", nullptr},
      {"http://example.com:http", nullptr},
      {"http://example.com:80:80", nullptr},
      {"http://2130706433/", nullptr},
      {"http://0x7f000001/", nullptr},
      {"http://0x7f.0.0.1/", nullptr},
      {"http://017700000001/", nullptr},
      {"http://127.1/", nullptr},
      {"http://127.0.0.01/", nullptr},
      {"http://127.0.0.256/", nullptr},
      {"http://127.0.0.0x1/", nullptr},
      {"http://1.2.3.4.5/", nullptr},
      {"http://example.0x/", nullptr},
      {"http://exa$mple.com", nullptr},
      {"http://*.example.com", nullptr},
      {"http://" + std::string(64, 'a') + ".com", nullptr},
  };
  for (const Row& row : rows) {
    CAPTURE(row.url);
    const auto host = ReadUrlHost(row.url);
    if (row.want == nullptr) {
      CHECK_FALSE(host.has_value());
    } else {
      REQUIRE(host.has_value());
      CHECK(host->text() == row.want);
    }
  }
  std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." +
                        std::string(63, 'c') + "." + std::string(61, 'd');
  CHECK(ReadUrlHost("http://" + longest).has_value());
  CHECK_FALSE(ReadUrlHost("http://" + longest + "d").has_value());
  CHECK(NormalHostPattern("Example.COM") == "example.com");
  CHECK(NormalHostPattern("*.Example.com") == "*.example.com");
  for (const char* text : {"", "*", "*.", "*example.com", "a.*.com", "http://a.com", "a.com:80",
                           "a.com/", "*.1.2.3.4", "b\u00FCcher.example", "a.com."}) {
    CAPTURE(text);
    CHECK_FALSE(NormalHostPattern(text).has_value());
  }
}

}  // namespace
}  // namespace policy
