#include "compiler/check/allow_file.h"

#include <array>
#include <utility>

#include "grammar/json_document.h"
#include "grammar/json_fields.h"

namespace policy {

namespace {

using json::Kind;
using std::string_view_literals::operator""sv;

constexpr std::array kFileKeys = {"allow"sv, "$schema"sv, "description"sv};
constexpr std::array kEntryKeys = {"code"sv, "at"sv, "because"sv};

std::optional<AllowEntry> ReadEntry(JsonInput input, const json::Value& record) {
  if (!Expect(input, record, Kind::Record, "allow", "an object with `code`")) return std::nullopt;
  const Fields fields(input, record, "an allowance", kEntryKeys);
  const json::Value* code = fields.Require("code");
  const json::Value* because = fields.Require("because");
  const json::Value* at = fields.Find("at");
  AllowEntry entry;
  entry.allowance.span = record.span;
  const auto code_text = code == nullptr ? std::nullopt : ReadString(input, *code, "code");
  const auto reason = because == nullptr ? std::nullopt : ReadString(input, *because, "because");
  if (at != nullptr) {
    auto text = ReadString(input, *at, "at");
    if (!text) return std::nullopt;
    entry.at = *std::move(text);
  }
  if (!code_text || !reason) return std::nullopt;
  if (!CheckAllowedCode(*code_text, input.source, code->span, input.diagnostics)) {
    return std::nullopt;
  }
  entry.allowance.code = *code_text;
  return entry;
}

void CheckText(JsonInput input, const Fields& fields, std::string_view key) {
  if (const json::Value* value = fields.Find(key)) ReadString(input, *value, key);
}

// Whether `id` is `at` or lies below it.
bool LiesAt(std::string_view id, std::string_view at) {
  return id.starts_with(at) &&
         (id.size() == at.size() || id[at.size()] == '/' || at.ends_with('/'));
}

// The member or element of a JSON document that a pointer names; begins with its key.
std::optional<Span> FindPart(const json::Value& document, std::string_view pointer) {
  const json::Value* value = &document;
  Span span = document.span;
  std::string path;
  while (path.size() < pointer.size()) {
    const json::Value* next = nullptr;
    std::string next_path;
    for (const json::Member& member : value->members) {
      next_path = PointerTo(path, member.key);
      if (!LiesAt(pointer, next_path)) continue;
      next = &member.value;
      span = {member.key_span.begin, member.value.span.end};
      break;
    }
    for (std::size_t i = 0; next == nullptr && i < value->items.size(); ++i) {
      next_path = PointerTo(path, i);
      if (!LiesAt(pointer, next_path)) continue;
      next = &value->items[i];
      span = next->span;
    }
    if (next == nullptr) return std::nullopt;
    value = next;
    path = next_path;
  }
  return span;
}

}  // namespace

std::vector<AllowEntry> ReadAllowFile(const Source& source, Diagnostics& diagnostics) {
  std::vector<AllowEntry> entries;
  const auto document = json::Parse(source, diagnostics);
  if (!document) return entries;
  const JsonInput input{source, diagnostics};
  if (!Expect(input, *document, Kind::Record, "policyc.json", "an object")) return entries;
  const Fields fields(input, *document, "policyc.json", kFileKeys);
  CheckText(input, fields, "$schema");
  CheckText(input, fields, "description");
  const json::Value* allow = fields.Require("allow");
  if (allow == nullptr || !Expect(input, *allow, Kind::List, "allow", "a list of allowances") ||
      !CheckCount(input, *allow, "allow", kAllowancesMax)) {
    return entries;
  }
  for (const json::Value& item : allow->items) {
    if (auto entry = ReadEntry(input, item)) entries.push_back(*std::move(entry));
  }
  return entries;
}

std::vector<AllowedRange> RangesOf(const AllowEntry& entry, const ast::Policy& policy,
                                   const Source& source) {
  const auto size = static_cast<std::uint32_t>(source.text().size());
  if (entry.at.empty()) return {{&source, 0, size + 1}};
  if (policy.form == ast::Form::Json) {
    Diagnostics repeated;
    const auto document = json::Parse(source, repeated);
    const auto part = document ? FindPart(*document, entry.at) : std::nullopt;
    if (!part) return {};
    return {{&source, part->begin, part->end}};
  }
  std::vector<AllowedRange> ranges;
  for (const ast::ToolBlock& block : policy.blocks) {
    for (const ast::Statement& statement : block.statements) {
      if (statement.span.file != 0 || !LiesAt(statement.id, entry.at)) continue;
      ranges.push_back({&source, statement.span.begin, statement.span.end});
    }
  }
  for (const ast::Hide& hide : policy.hides) {
    if (hide.pattern.span.file != 0 || !LiesAt(hide.id, entry.at)) continue;
    ranges.push_back({&source, hide.pattern.span.begin, hide.pattern.span.end});
  }
  return ranges;
}

}  // namespace policy
