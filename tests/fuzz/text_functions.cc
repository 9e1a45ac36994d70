// Text functions against the reference's, which were written apart from them.
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/check.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/decimal.h"
#include "runtime/value/fold.h"
#include "runtime/value/glob.h"
#include "runtime/value/path_text.h"
#include "runtime/value/url_text.h"
#include "runtime/value/utf8.h"
#include "tests/reference/json.h"
#include "tests/reference/number.h"
#include "tests/reference/text.h"

namespace {

constexpr std::size_t kBytesMax = 4096;

void CheckPath(std::string_view path, std::string_view root) {
  if (!policy::IsPlainRoot(root)) {
    CHECK(policy::IsUnder(path, root) == policy::Truth::Unknown);
    return;
  }
  const auto want = reference::IsUnder(path, root);
  CHECK(policy::IsUnder(path, root) == (want ? policy::ToTruth(*want) : policy::Truth::Unknown));
}

void CheckUrl(std::string_view url) {
  const auto got = policy::ReadUrlHost(url);
  const auto want = reference::HostOf(url);
  CHECK(got.has_value() == want.has_value());
  if (got) CHECK(got->text() == *want);
}

void CheckNumber(std::string_view text) {
  const auto json = reference::ParseJson(text);
  if (!json || !json->Is(reference::Json::Kind::Number) || json->text != text) return;
  const auto exact = policy::ParseDecimal(text);
  const auto want = reference::UsableNumber(text);
  CHECK((exact && policy::SurvivesBinary64(text)) == want.has_value());
  if (!exact) return;
  const std::string printed = policy::ToText(*exact);
  CHECK(policy::ParseDecimal(printed) == exact);
  CHECK(reference::ReadDigits(printed) == reference::ReadDigits(text));
  for (int scale = 0; scale <= 9; ++scale) {
    CHECK(policy::ToScaledInteger(*exact, scale) ==
          reference::ScaledInteger(reference::ReadDigits(text), scale));
  }
}

void CheckNumbers(std::string_view a, std::string_view b) {
  CheckNumber(a);
  CheckNumber(b);
  const auto is_number = [](std::string_view text) {
    const auto json = reference::ParseJson(text);
    return json && json->text == text && json->Is(reference::Json::Kind::Number);
  };
  if (!is_number(a) || !is_number(b)) return;
  const auto x = reference::UsableNumber(a);
  const auto y = reference::UsableNumber(b);
  if (!x || !y) return;
  const auto order = policy::Compare(*policy::ParseDecimal(a), *policy::ParseDecimal(b));
  const int want = reference::CompareNumbers(*x, *y);
  CHECK((want < 0) == (order < 0) && (want > 0) == (order > 0));
}

void CheckInstant(std::string_view text) {
  const auto instant = policy::ParseInstant(text);
  if (instant) CHECK(policy::ParseInstant(policy::FormatInstant(*instant)) == instant);
}

void CheckFolding(std::string_view a, std::string_view b) {
  if (!policy::IsValidUtf8(a) || !policy::IsValidUtf8(b)) return;
  const bool equal = policy::EqualFolded(a, b);
  CHECK(equal == (policy::Folded(a) == policy::Folded(b)));
  if (equal) CHECK(policy::HashFolded(a) == policy::HashFolded(b));
  if (a.size() < 100 && b.size() < 100) CHECK(equal == reference::SameButForCase(a, b));
  CHECK(policy::CountCodePoints(a) == reference::CodePoints(a));
}

}  // namespace

// The first line against the rest.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  if (size > kBytesMax) return 0;
  const std::size_t line = input.find('\n');
  const std::string_view first = input.substr(0, line);
  const std::string_view second =
      line == std::string_view::npos ? std::string_view() : input.substr(line + 1);
  CheckPath(second, first);
  CheckUrl(first);
  CheckUrl(second);
  CheckNumbers(first, second);
  CheckInstant(first);
  CheckFolding(first, second);
  CHECK(policy::HoldsText(second, first) == (second.find(first) != std::string_view::npos));
  CHECK(policy::GlobMatches(first, second) == reference::MatchesPattern(first, second));
  return 0;
}
