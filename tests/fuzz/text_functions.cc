// Text functions, functions and relations of values against the reference's, which were written
// apart from them.
#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "policy/check.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/decimal.h"
#include "runtime/value/fold.h"
#include "runtime/value/function.h"
#include "runtime/value/glob.h"
#include "runtime/value/name_hash.h"
#include "runtime/value/path_text.h"
#include "runtime/value/predicate.h"
#include "runtime/value/url_text.h"
#include "runtime/value/utf8.h"
#include "tests/reference/comparison.h"
#include "tests/reference/function.h"
#include "tests/reference/json.h"
#include "tests/reference/number.h"
#include "tests/reference/text.h"
#include "tests/reference/value.h"

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
  std::string folded_a, folded_b;
  policy::AppendFolded(a, folded_a);
  policy::AppendFolded(b, folded_b);
  CHECK(equal == (folded_a == folded_b));
  const std::uint64_t seed = policy::NameHashSeed();
  if (equal) CHECK(policy::NameHash(a, seed) == policy::NameHash(b, seed));
  if (a.size() < 100 && b.size() < 100) CHECK(equal == reference::SameButForCase(a, b));
  CHECK(policy::CountCodePoints(a) == reference::CodePoints(a));
}

// -- functions and relations ---------------------------------------------------------------------

// Every piece is an allocation of its own, so that the sanitizer sees a byte too many.
class Room : public policy::TextRoom {
 public:
  char* Reserve(std::size_t bytes) override {
    pieces_.push_back(std::make_unique<char[]>(bytes));
    return pieces_.back().get();
  }

 private:
  std::vector<std::unique_ptr<char[]>> pieces_;
};

// One value as both sides have it.
struct Pair {
  policy::Value value;
  reference::Value want;
};

bool Same(const policy::Value& got, const reference::Value& want, bool numbers_exact) {
  using Kind = reference::Value::Kind;
  const auto read = numbers_exact ? reference::ExactNumber : reference::UsableNumber;
  switch (got.kind) {
    case policy::ValueKind::Absent:
      return want.Is(Kind::Absent);
    case policy::ValueKind::Broken:
      return want.Is(Kind::Unknown);
    case policy::ValueKind::Null:
      return want.Is(Kind::Null);
    case policy::ValueKind::Bool:
      return want.Is(Kind::Bool) && got.boolean == want.boolean;
    case policy::ValueKind::InexactNumber:
      return want.Is(Kind::Number) && !want.number;
    case policy::ValueKind::Number:
      return want.Is(Kind::Number) && want.number &&
             reference::ReadDigits(policy::ToText(got.number())) == *want.number;
    case policy::ValueKind::String:
      return want.Is(Kind::String) && got.text() == want.text && policy::IsValidUtf8(got.text());
    case policy::ValueKind::Time:
      return want.Is(Kind::Time) && got.coefficient == want.nanoseconds;
    case policy::ValueKind::Duration:
      return want.Is(Kind::Duration) && got.coefficient == want.nanoseconds;
    case policy::ValueKind::List:
    case policy::ValueKind::Record: {
      const bool is_list = got.kind == policy::ValueKind::List;
      if (!want.Is(is_list ? Kind::List : Kind::Record)) return false;
      const auto json = reference::ParseJson(got.text());
      if (!json) return false;
      const reference::Value again = reference::ValueOf(*json, read);
      if (again.items.size() != want.items.size()) return false;
      for (std::size_t i = 0; i < want.items.size(); ++i) {
        Room room;
        const std::string raw =
            reference::ToText(is_list ? json->items[i] : json->members[i].value);
        const auto item = policy::ReadJsonValue(raw, numbers_exact, room);
        if (!Same(item, want.items[i], numbers_exact)) return false;
      }
      return is_list || again.keys == want.keys;
    }
  }
  return false;
}

// The text as JSON, if it is; as a string; and where it is a whole number, as a time and a
// duration.
std::vector<Pair> ValuesOf(std::string_view text, bool numbers_exact, Room& room) {
  std::vector<Pair> values;
  if (!policy::IsValidUtf8(text)) return values;
  values.push_back({policy::Value::MakeString(text), reference::Value::String(std::string(text))});
  const auto json = reference::ParseJson(text);
  if (!json || text.find_first_of(" \t\r\n") == 0 ||
      text.find_last_of(" \t\r\n") == text.size() - 1) {
    return values;
  }
  const auto read = numbers_exact ? reference::ExactNumber : reference::UsableNumber;
  values.push_back(
      {policy::ReadJsonValue(text, numbers_exact, room), reference::ValueOf(*json, read)});
  CHECK(Same(values.back().value, values.back().want, numbers_exact));
  if (!json->Is(reference::Json::Kind::Number) || !reference::ExactNumber(text)) return values;
  if (const auto number = reference::ScaledInteger(reference::ReadDigits(text), 0)) {
    values.push_back({policy::Value::MakeTime(*number), reference::Value::Time(*number)});
    values.push_back({policy::Value::MakeDuration(*number), reference::Value::Duration(*number)});
  }
  return values;
}

// The reference has these three in its paths.
std::optional<reference::Value> WantOfPath(policy::Function function, const reference::Value& first,
                                           const reference::Value& second) {
  using Kind = reference::Value::Kind;
  if (function == policy::Function::OrElse) return first.Is(Kind::Absent) ? second : first;
  if (function == policy::Function::Element) {
    if (!first.Is(Kind::List) || !second.Is(Kind::Number) || !second.number) {
      return reference::Value::Unknown();
    }
    const auto at = reference::ScaledInteger(*second.number, 0);
    const bool is_there = at && *at >= 0 && static_cast<std::size_t>(*at) < first.items.size();
    return is_there ? first.items[static_cast<std::size_t>(*at)] : reference::Value::Unknown();
  }
  if (!second.Is(Kind::String)) return reference::Value::Unknown();
  if (first.Is(Kind::Absent)) return first;
  if (!first.Is(Kind::Record)) return reference::Value::Unknown();
  const auto same = std::ranges::count(first.keys, second.text);
  if (same > 1) return std::nullopt;  // refused before
  const auto found = std::ranges::find(first.keys, second.text);
  if (same == 1) return first.items[static_cast<std::size_t>(found - first.keys.begin())];
  const bool has_variant = std::ranges::any_of(first.keys, [&second](const std::string& key) {
    return reference::SameButForCase(key, second.text);
  });
  return has_variant ? reference::Value::Unknown() : reference::Value::Absent();
}

void CheckFunctions(const Pair& first, const Pair& second, bool numbers_exact) {
  for (std::size_t i = 0; i < policy::kFunctionCount; ++i) {
    const auto function = static_cast<policy::Function>(i);
    const bool is_path = function == policy::Function::Member ||
                         function == policy::Function::OrElse ||
                         function == policy::Function::Element;
    std::vector<reference::Value> operands = {first.want};
    if (policy::OperandCountOf(function) == 2) operands.push_back(second.want);
    const auto want =
        is_path ? WantOfPath(function, first.want, second.want)
                : reference::ApplyFunction(std::string(policy::NameOf(function)), operands, "UTC");
    if (!want) continue;
    Room room;
    const auto got = policy::ApplyFunction(function, first.value, second.value, room);
    CHECK(Same(got, *want, numbers_exact));
    if (got.kind == policy::ValueKind::List && !is_path) {
      CHECK(want->items.size() <= policy::kListElementsMax);
    }
  }
}

void CheckRelations(const Pair& left, const Pair& right) {
  constexpr const char* kOperators[policy::kRelationCount] = {
      "eq", "lt", "lte", "gt", "gte", "in", "contains", "starts_with", "ends_with", "under"};
  for (std::size_t i = 0; i < policy::kRelationCount; ++i) {
    const auto want = reference::Compare(kOperators[i], left.want, right.want);
    const auto got =
        policy::ApplyRelation(static_cast<policy::Relation>(i), left.value, right.value);
    CHECK(static_cast<int>(got) == static_cast<int>(want));
  }
}

void CheckValues(std::string_view a, std::string_view b, bool numbers_exact) {
  Room room;
  auto firsts = ValuesOf(a, numbers_exact, room);
  auto seconds = ValuesOf(b, numbers_exact, room);
  firsts.push_back({policy::Value{}, reference::Value::Absent()});
  seconds.push_back({policy::Value::MakeBroken(), reference::Value::Unknown()});
  for (const Pair& first : firsts) {
    for (const Pair& second : seconds) {
      CheckFunctions(first, second, numbers_exact);
      CheckFunctions(second, first, numbers_exact);
      CheckRelations(first, second);
      CheckRelations(second, first);
    }
  }
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
  CheckValues(first, second, /*numbers_exact=*/false);
  CheckValues(first, second, /*numbers_exact=*/true);
  CHECK(policy::HoldsText(second, first) == (second.find(first) != std::string_view::npos));
  CHECK(policy::GlobMatches(first, second) == reference::MatchesPattern(first, second));
  return 0;
}
