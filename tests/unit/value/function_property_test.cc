// What holds of the functions for any text and number: seeded, thousands of cases each.
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cstdint>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "runtime/value/civil_time.h"
#include "runtime/value/json_walk.h"
#include "runtime/value/mail_text.h"
#include "runtime/value/shell_words.h"
#include "runtime/value/sql_verbs.h"
#include "runtime/value/url_text.h"
#include "tests/unit/value/value_text.h"

namespace policy {
namespace {

constexpr int kCases = 6'000;

class Dice {
 public:
  explicit Dice(std::uint32_t seed) : engine_(seed) {}
  std::size_t Below(std::size_t bound) { return engine_() % bound; }
  bool OneIn(std::size_t n) { return Below(n) == 0; }
  char Of(std::string_view bytes) { return bytes[Below(bytes.size())]; }
  std::string Text(std::string_view bytes, std::size_t bytes_min, std::size_t bytes_max) {
    std::string text(bytes_min + Below(bytes_max - bytes_min + 1), ' ');
    std::ranges::generate(text, [&] { return Of(bytes); });
    return text;
  }
  template <std::size_t kSize>
  std::string_view Of(const std::array<std::string_view, kSize>& texts) {
    return texts[Below(kSize)];
  }

 private:
  std::mt19937 engine_;
};

constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
constexpr std::string_view kLabelBytes = "abcXYZ019";

std::string Lowered(std::string text) {
  for (char& c : text) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return text;
}

std::vector<std::string> WordsOf(std::string_view command) {
  std::vector<std::string> words;
  WordWalk walk(command);
  for (std::string_view word; walk.Next(word);) words.emplace_back(word);
  return words;
}

TEST_CASE("words that are joined by blanks come back") {
  Dice dice(1);
  for (int i = 0; i < kCases; ++i) {
    std::vector<std::string> words;
    std::string command = dice.Text(" \t", 0, 2);
    for (std::size_t n = dice.Below(6); n > 0; --n) {
      words.push_back(dice.Text("abcXYZ019_-+.,:/@", 1, 8) + (dice.OneIn(5) ? "\u00E9" : ""));
      command += words.back() + dice.Text(" \t", 1, 2);
    }
    CAPTURE(command);
    REQUIRE(IsPlainCommand(command));
    REQUIRE(WordsOf(command) == words);
  }
}

TEST_CASE("a plain command holds nothing that a shell acts on") {
  Dice dice(2);
  int plain = 0;
  for (int i = 0; i < kCases; ++i) {
    std::string command = dice.Text("ab= \t-/.", 0, 12);
    if (dice.OneIn(2))
      command.insert(dice.Below(command.size() + 1), 1, static_cast<char>(dice.Below(128)));
    if (!IsPlainCommand(command)) continue;
    ++plain;
    CAPTURE(command);
    REQUIRE(command.find_first_of("'\"\\$`~*?[]{}!#;&|<>()\n\r%^\0") == std::string::npos);
    REQUIRE(
        std::ranges::none_of(command, [](char c) { return (c < ' ' && c != '\t') || c == 0x7F; }));
    const auto words = WordsOf(command);
    if (!words.empty()) REQUIRE_FALSE(words.front().contains('='));
  }
  CHECK(plain > kCases / 10);
}

std::string RandomHost(Dice& dice) {
  std::string host;
  for (std::size_t n = dice.Below(3); n > 0; --n) {
    host += dice.Text(kLabelBytes, 1, 5) + (dice.OneIn(4) ? "-x." : ".");
  }
  return host + dice.Text(kLetters, 2, 4);
}

TEST_CASE("a URL that is put together has the host that was put in") {
  Dice dice(3);
  for (int i = 0; i < kCases; ++i) {
    const bool is_https = dice.OneIn(2);
    const std::string host = RandomHost(dice);
    const auto port = static_cast<std::uint16_t>(1 + dice.Below(65535));
    const bool has_port = dice.OneIn(2);
    std::string url = (is_https ? "https://" : "http://") + host;
    if (has_port) url += ":" + std::to_string(port);
    if (dice.OneIn(2)) url += "/" + dice.Text("abc/@:?#.%&=", 0, 10);
    CAPTURE(url);
    const auto read = ReadUrl(url);
    REQUIRE(read.has_value());
    REQUIRE(read->host.text() == Lowered(host));
    REQUIRE(read->is_https == is_https);
    REQUIRE(read->port == (has_port ? port : is_https ? 443 : 80));
  }
}

// As a reader that is content with little finds the host: behind the last @ before the first slash.
std::string LenientHost(std::string_view url) {
  std::string_view rest = url.substr(url.find("//") + 2);
  rest = rest.substr(0, rest.find_first_of("/\\?#"));
  rest = rest.substr(rest.rfind('@') == std::string_view::npos ? 0 : rest.rfind('@') + 1);
  return Lowered(std::string(rest.substr(0, rest.find(':'))));
}

// As RFC 3986's own expression takes the authority apart, with what stands before any @ for the
// user.
std::string HastyHost(std::string_view url) {
  std::string_view rest = url.substr(url.find("//") + 2);
  rest = rest.substr(0, rest.find('/'));
  rest = rest.substr(rest.find('@') == std::string_view::npos ? 0 : rest.find('@') + 1);
  return Lowered(std::string(rest.substr(0, rest.find_first_of(":?#"))));
}

TEST_CASE("a host that is known is the one that other readers find") {
  Dice dice(4);
  int known = 0;
  for (int i = 0; i < kCases * 5; ++i) {
    std::string url = "http" + std::string(dice.OneIn(2) ? "s" : "") + "://" + RandomHost(dice);
    for (std::size_t n = dice.Below(3); n > 0; --n) {
      const std::string piece =
          dice.OneIn(2) ? RandomHost(dice) : std::string(1, dice.Of("@:/?#\\.%[]; \t1"));
      url.insert(7 + dice.Below(url.size() - 6), piece);
    }
    const auto host = ReadUrlHost(url);
    if (!host) continue;
    ++known;
    CAPTURE(url);
    REQUIRE(host->text() == LenientHost(url));
    REQUIRE(host->text() == HastyHost(url));
  }
  CHECK(known > kCases);
}

TEST_CASE("a domain that is known stands behind the only @") {
  Dice dice(5);
  int known = 0;
  for (int i = 0; i < kCases * 5; ++i) {
    std::string address = dice.Text("abc.-_+", 1, 5) + "@" + RandomHost(dice) + ".com";
    for (std::size_t n = dice.Below(3); n > 0; --n) {
      const std::string piece =
          dice.OneIn(3) ? RandomHost(dice) : std::string(1, static_cast<char>(dice.Below(128)));
      address.insert(dice.Below(address.size() + 1), piece);
    }
    const auto domain = MailDomain(address);
    if (!domain) continue;
    ++known;
    CAPTURE(address);
    REQUIRE(std::ranges::count(address, '@') == 1);
    REQUIRE(address.substr(address.rfind('@') + 1) == *domain);
    REQUIRE(address.find_first_of(" ,;:<>()[]\"\\%!/?\r\n\t") == std::string::npos);
    REQUIRE(domain->find_first_not_of(
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-") ==
            std::string_view::npos);
    REQUIRE(domain->contains('.'));
  }
  CHECK(known > kCases);
}

using Wide = __int128;

// What `wide` * 10^-scale is as a Decimal.
std::optional<Decimal> Exactly(Wide wide, int scale) {
  if (wide == 0) return Decimal{};
  int exponent = -scale;
  for (; wide % 10 == 0; wide /= 10) ++exponent;
  if (wide >= Wide{1'000'000'000'000'000'000} || -wide >= Wide{1'000'000'000'000'000'000})
    return {};
  if (exponent > 18 || exponent < -18) return {};
  return Decimal{static_cast<std::int64_t>(wide), static_cast<std::int8_t>(exponent)};
}

TEST_CASE("arithmetic is that of 128-bit integers") {
  Dice dice(6);
  int exact = 0;
  for (int i = 0; i < kCases * 5; ++i) {
    // Digits and a scale; numbers of all lengths.
    const auto draw = [&dice](std::int64_t& number, int& scale) {
      const auto digits = dice.Text("0123456789", 1, 1 + dice.Below(18));
      number = std::stoll(digits) * (dice.OneIn(2) ? 1 : -1);
      scale = static_cast<int>(dice.Below(dice.OneIn(3) ? 19 : 4));
    };
    std::int64_t a = 0;
    std::int64_t b = 0;
    int a_scale = 0;
    int b_scale = 0;
    draw(a, a_scale);
    draw(b, b_scale);
    const auto x = Exactly(a, a_scale);
    const auto y = Exactly(b, b_scale);
    REQUIRE(x);
    REQUIRE(y);
    CAPTURE(a, a_scale, b, b_scale);
    REQUIRE(Multiply(*x, *y) == Exactly(Wide{a} * b, a_scale + b_scale));
    const int scale = std::max(a_scale, b_scale);
    Wide a_wide = a;
    Wide b_wide = b;
    for (int s = a_scale; s < scale; ++s) a_wide *= 10;
    for (int s = b_scale; s < scale; ++s) b_wide *= 10;
    REQUIRE(Add(*x, *y) == Exactly(a_wide + b_wide, scale));
    REQUIRE(Subtract(*x, *y) == Exactly(a_wide - b_wide, scale));
    if (const auto sum = Add(*x, *y)) {
      ++exact;
      REQUIRE(Subtract(*sum, *y) == x);
      REQUIRE(Add(*y, *x) == sum);
    }
  }
  CHECK(exact > kCases);
}

constexpr std::array<std::string_view, 62> kSqlPieces = {
    "SELECT", "select",    "DELETE",     "drop",     "INTO", "INSERT",  "UPDATE", "SET",
    "WITH",   "REPLACE",   "REPLACE(",   "a",        "t1",   "x.y",     "copy",   "FROM",
    "EXEC",   "DO",        "*",          ",",        "(",    ")",       "=",      "1",
    "1.5",    "1e5",       "0x1F",       "$1",       "'a'",  "'it''s'", "\"n\"",  "''",
    "[n]",    "`n`",       "-- c\n",     "/* c */",  ";",    "'",       "\"",     "`",
    "[",      "]",         "--",         "/*",       "*/",   "#",       "$",      "$$",
    "\\",     "{",         "\n",         "\t",       "GO",   "@v",      ":n",     "/*!",
    "'drop'", "-- drop\n", "/* drop */", "\"drop\"", "e",    "."};

// Every word of `sql` wherever it stands, in upper case.
std::multiset<std::string> NaiveWords(std::string_view sql) {
  std::multiset<std::string> words;
  std::string word;
  for (const char c : std::string(sql) + " ") {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_') {
      word += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    } else if (!word.empty()) {
      words.insert(word);
      word.clear();
    }
  }
  return words;
}

// Without quotes and comments, as the four dialects' manuals say what they are.
std::string WithoutQuotesAndComments(std::string_view sql) {
  std::string bare;
  for (std::size_t i = 0; i < sql.size();) {
    const std::string_view rest = sql.substr(i);
    std::size_t end = 0;
    if (rest.starts_with("--")) {
      end = rest.find('\n');
    } else if (rest.starts_with("/*")) {
      end = rest.find("*/") + 2;
    } else if (std::string_view("'\"`[").contains(rest[0])) {
      end = rest.find(rest[0] == '[' ? ']' : rest[0], 1) + 1;
    } else {
      bare += rest[0];
      ++i;
      continue;
    }
    bare += ' ';
    i += std::min(end, rest.size());
  }
  return bare;
}

TEST_CASE("the verbs of a statement are the words outside quotes and comments") {
  Dice dice(7);
  std::set<std::string> names;
  for (const char* name : {
#define SQL_VERB(name) #name,
#include "runtime/value/sql_verbs.def"
#undef SQL_VERB
       }) {
    names.insert(name);
  }
  int known = 0;
  for (int i = 0; i < kCases * 10; ++i) {
    std::string sql = dice.OneIn(8) ? "WITH x" : "SELECT";
    for (std::size_t n = dice.Below(10); n > 0; --n) {
      if (!dice.OneIn(4)) sql += ' ';
      sql += dice.Of(kSqlPieces);
    }
    const auto verbs = ReadSqlVerbs(sql);
    if (!verbs) continue;
    ++known;
    CAPTURE(sql);
    REQUIRE(verbs->size > 0);
    const auto all = NaiveWords(sql);
    auto bare = NaiveWords(WithoutQuotesAndComments(sql));
    SqlVerbWalk walk(*verbs);
    for (std::string_view verb; walk.Next(verb);) {
      REQUIRE(all.contains(std::string(verb)));
      REQUIRE(bare.contains(std::string(verb)));
      bare.erase(bare.find(std::string(verb)));
    }
    // What is left out is a function's name, or the INTO or SET of another verb.
    for (const std::string& word : bare) {
      const bool may_be_left_out = word == "REPLACE" || word == "SET" || word == "INTO";
      REQUIRE((may_be_left_out || !names.contains(word)));
    }
  }
  CHECK(known > kCases);
}

TEST_CASE("what is split is joined again") {
  Dice dice(8);
  for (int i = 0; i < kCases; ++i) {
    const std::string text = dice.Text("aab,;\"\\\n\t\x01/", 0, 30);
    const std::string separator = dice.Text("ab,;\"\\\n", 1, 2);
    const Value pieces = ApplyFunction(Function::Split, Value::MakeString(text),
                                       Value::MakeString(separator), Room());
    REQUIRE(pieces.kind == ValueKind::List);
    std::size_t count = 1;
    for (std::size_t at = text.find(separator); at != std::string::npos;
         at = text.find(separator, at + separator.size())) {
      ++count;
    }
    REQUIRE(CountElements(pieces.text(), 100) == count);
    const Value again = ApplyFunction(Function::Join, pieces, Value::MakeString(separator), Room());
    REQUIRE(again.kind == ValueKind::String);
    REQUIRE(again.text() == text);
  }
}

TEST_CASE("a local time that is read back is the instant it was made of, or comes twice") {
  Dice dice(9);
  int twice = 0;
  for (const char* name : {"UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu",
                           "Australia/Lord_Howe", "America/Sao_Paulo", "Pacific/Apia"}) {
    const Zone zone = *Zone::Find(name);
    for (int i = 0; i < kCases / 4; ++i) {
      const std::int64_t instant_ns =
          static_cast<std::int64_t>(dice.Below(2'000'000'000)) * 1'000'000'000;
      const CivilTime t = ToCivilTime(instant_ns, zone);
      char text[32];
      std::snprintf(text, sizeof text, "%04d-%02d-%02d%c%02d:%02d:%02d", t.year, t.month, t.day,
                    dice.Of("T "), t.hour, t.minute, t.second);
      CAPTURE(name, text);
      const auto read = ParseLocalTime(text, zone);
      if (read) {
        REQUIRE(*read == instant_ns);
        continue;
      }
      ++twice;
      const std::int64_t half_hour_ns = 1'800'000'000'000;
      const bool is_other = ToCivilTime(instant_ns + 2 * half_hour_ns, zone) == t ||
                            ToCivilTime(instant_ns - 2 * half_hour_ns, zone) == t ||
                            ToCivilTime(instant_ns + half_hour_ns, zone) == t ||
                            ToCivilTime(instant_ns - half_hour_ns, zone) == t;
      REQUIRE(is_other);
    }
  }
  CHECK(twice > 0);
}

}  // namespace
}  // namespace policy
