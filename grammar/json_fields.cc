#include "grammar/json_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "grammar/limits.h"
#include "grammar/shared_reports.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

// Words of other formats, and what they are called here. They are named, never put in unasked: what
// another format means by them is close to ours and not the same.
constexpr std::pair<std::string_view, std::string_view> kForeignWords[] = {
    {"reason", "on_deny"},
    {"message", "on_deny"},
    {"operator", "op"},
    {"name", "counter"},
    {"arguments", "args"},
    {"timezone", "zone"},
    {"when", "conditions"},
    {"equals", "eq"},
    {"equal", "eq"},
    {"==", "eq"},
    {"=", "eq"},
    {"ne", "neq"},
    {"not_equals", "neq"},
    {"!=", "neq"},
    {"<", "lt"},
    {"<=", "lte"},
    {">", "gt"},
    {">=", "gte"},
    {"matches", "regex"},
    {"match", "regex"},
    {"prefix", "starts_with"},
    {"suffix", "ends_with"},
    {"user", "grant"},
    {"agent", "grant"},
    {"block", "deny"},
    {"permit", "allow"},
    {"approve", "require_approval"},
    {"approval", "approve_if"},
};

std::optional<Suggestion> WordMeant(std::string_view word,
                                    std::span<const std::string_view> known) {
  for (const auto& [foreign, ours] : kForeignWords) {
    if (word == foreign && std::ranges::find(known, ours) != known.end()) return Suggestion{ours};
  }
  return NearestWord(word, known);
}

bool StandsIn(const json::Value& record, std::string_view key) {
  return std::ranges::find(record.members, key, &json::Member::key) != record.members.end();
}

}  // namespace

Fields::Fields(JsonInput input, const json::Value& record, std::string what,
               std::span<const std::string_view> known)
    : input_(input), record_(record), what_(std::move(what)), known_(known) {
  CheckDuplicateKeys(input, record);
  for (const json::Member& member : record.members) {
    if (std::ranges::find(known, member.key) != known.end()) continue;
    auto report = input.diagnostics.Report(diag::UnknownKey, input.source, member.key_span,
                                           member.key, what_);
    if (const auto meant = WordMeant(member.key, known)) {
      report.Help(fmt::format("did you mean `{}`?", meant->word));
      // The mend must not collide with a key that is there already.
      if (meant->is_plain && !StandsIn(record, meant->word)) {
        report.Replace(member.key_span, JsonQuoted(meant->word));
      }
    } else {
      report.Help(fmt::format("known are {}", Enumerate(known)));
    }
  }
}

const json::Value* Fields::Find(std::string_view key) const {
  const auto found = std::ranges::find(record_.members, key, &json::Member::key);
  return found == record_.members.end() ? nullptr : &found->value;
}

const json::Value* Fields::Require(std::string_view key) const {
  const json::Value* value = Find(key);
  if (value == nullptr) {
    const Span brace{record_.span.begin, record_.span.begin + 1};
    input_.diagnostics.Report(diag::MissingKey, input_.source, brace, what_, key);
  }
  return value;
}

void CheckDuplicateKeys(JsonInput input, const json::Value& record) {
  std::unordered_map<std::string_view, Span> seen;
  for (const json::Member& member : record.members) {
    const auto [first, is_new] = seen.try_emplace(member.key, member.key_span);
    if (is_new) continue;
    ReportDuplicateKey(input.source, input.diagnostics, member.key_span, first->second, member.key);
  }
}

bool Expect(JsonInput input, const json::Value& value, json::Kind kind, std::string_view key,
            std::string_view expected) {
  if (value.kind == kind) return true;
  ReportWrongType(input, value, key, expected);
  return false;
}

void ReportWrongType(JsonInput input, const json::Value& value, std::string_view key,
                     std::string_view expected) {
  input.diagnostics.Report(diag::WrongType, input.source, value.span, key, expected,
                           json::NameOf(value.kind));
}

std::optional<std::string> ReadString(JsonInput input, const json::Value& value,
                                      std::string_view key) {
  if (!Expect(input, value, json::Kind::String, key, "a string")) return std::nullopt;
  if (!CheckText(input.source, input.diagnostics, value.span, value.text, key)) {
    return std::nullopt;
  }
  return value.text;
}

std::optional<std::uint64_t> ReadWholeNumber(JsonInput input, const json::Value& value,
                                             std::string_view key, Range range) {
  if (value.kind == json::Kind::Number) {
    std::uint64_t number = 0;
    const char* end = value.text.data() + value.text.size();
    const auto [stop, error] = std::from_chars(value.text.data(), end, number);
    if (error == std::errc() && stop == end && number >= range.min && number <= range.max) {
      return number;
    }
  }
  const std::string seen =
      value.kind == json::Kind::Number ? "`" + value.text + "`" : std::string(NameOf(value.kind));
  ReportNotWholeNumber(input.source, input.diagnostics, value.span, key, range.min, range.max,
                       seen);
  return std::nullopt;
}

std::optional<std::size_t> ReadWord(JsonInput input, const json::Value& value, std::string_view key,
                                    std::string_view what,
                                    std::span<const std::string_view> words) {
  if (!Expect(input, value, json::Kind::String, key, what)) return std::nullopt;
  const auto found = std::ranges::find(words, std::string_view(value.text));
  if (found != words.end()) return static_cast<std::size_t>(found - words.begin());
  auto report =
      input.diagnostics.Report(diag::UnknownWord, input.source, value.span, value.text, what);
  if (const auto meant = WordMeant(value.text, words)) {
    report.Help(fmt::format("did you mean `{}`?", meant->word));
    if (meant->is_plain) report.Replace(value.span, JsonQuoted(meant->word));
  } else {
    report.Help(fmt::format("known are {}", Enumerate(words)));
  }
  return std::nullopt;
}

bool CheckCount(JsonInput input, const json::Value& value, std::string_view key, std::size_t max) {
  const std::size_t count = value.items.size() + value.members.size();
  if (count <= max) return true;
  const Span bracket{value.span.begin, value.span.begin + 1};
  ReportTooMany(input.source, input.diagnostics, bracket, key, count, max);
  return false;
}

Span SpanInside(JsonInput input, const json::Value& string, std::size_t begin, std::size_t end) {
  const std::string_view literal =
      input.source.text().substr(string.span.begin, string.span.end - string.span.begin);
  if (literal.find('\\') != std::string_view::npos) return string.span;
  const std::uint32_t text = string.span.begin + 1;
  return {text + static_cast<std::uint32_t>(begin), text + static_cast<std::uint32_t>(end)};
}

std::string PointerTo(std::string_view parent, std::string_view key) {
  std::string pointer(parent);
  pointer += '/';
  for (char c : key) {
    if (c == '~') {
      pointer += "~0";
    } else if (c == '/') {
      pointer += "~1";
    } else {
      pointer += c;
    }
  }
  return pointer;
}

std::string PointerTo(std::string_view parent, std::size_t index) {
  return fmt::format("{}/{}", parent, index);
}

std::string JsonQuoted(std::string_view text) {
  std::string quoted = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') {
      quoted += '\\';
      quoted += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      quoted += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      quoted += c;
    }
  }
  return quoted + '"';
}

}  // namespace policy
