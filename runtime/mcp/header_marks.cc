#include "runtime/mcp/header_marks.h"

#include <algorithm>
#include <array>
#include <utility>

#include "policy/check.h"
#include "runtime/mcp/limits.h"
#include "runtime/mcp/record_text.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {
namespace {

constexpr std::string_view kMarkKey = "x-mcp-header";

// Keywords whose values are data, where a key like the mark's means nothing.
constexpr std::array<std::string_view, 5> kDataKeywords = {"const", "default", "enum", "example",
                                                           "examples"};

constexpr std::array<std::string_view, 4> kMarkedTypes = {"string", "integer", "number", "boolean"};

bool IsOneOf(std::string_view text, std::span<const std::string_view> texts) {
  return std::ranges::find(texts, text) != texts.end();
}

bool IsTokenByte(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
         std::string_view("!#$%&'*+-.^_`|~").contains(c);
}

char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool SameName(std::string_view a, std::string_view b) {
  return std::ranges::equal(a, b, {}, Lower, Lower);
}

// A walk over one schema. As deep as the reader lets texts be nested: kDepthMax.
class MarkScan {
 public:
  std::expected<std::vector<HeaderMark>, std::string> Scan(std::string_view schema) {
    Visit(schema);
    if (!problem_.empty()) return std::unexpected(std::move(problem_));
    return std::move(marks_);
  }

 private:
  // `schema` is where path_ leads.
  void Visit(std::string_view schema) {
    if (!IsRecord(schema)) return;
    RecordWalk walk(schema);
    for (std::string_view key, value; problem_.empty() && walk.Next(key, value);) {
      if (JsonStringEquals(key, kMarkKey)) {
        Mark(value, MemberOf(schema, "type"));
      } else if (JsonStringEquals(key, "properties") && IsRecord(value)) {
        VisitProperties(value);
      } else {
        RefuseMarksBelow(key, value);
      }
    }
  }

  void VisitProperties(std::string_view properties) {
    RecordWalk walk(properties);
    for (std::string_view key, value; problem_.empty() && walk.Next(key, value);) {
      path_.push_back(*TextOf(key));
      Visit(value);
      path_.pop_back();
    }
  }

  void Mark(std::string_view raw_name, std::string_view raw_type) {
    const auto name = TextOf(raw_name);
    if (path_.empty() || !name || name->empty() || name->size() > kHeaderMarkBytesMax ||
        !std::ranges::all_of(*name, IsTokenByte)) {
      problem_ = "x-mcp-header is not the name of a header at a property";
      return;
    }
    const auto type = TextOf(raw_type);
    if (!type || !IsOneOf(*type, kMarkedTypes)) {
      problem_ = "x-mcp-header `" + *name + "` is not at a string, an integer or a boolean";
    } else if (std::ranges::any_of(
                   marks_, [&](const HeaderMark& mark) { return SameName(mark.name, *name); })) {
      problem_ = "x-mcp-header `" + *name + "` is there twice";
    } else if (marks_.size() == kHeaderMarksMax) {
      problem_ = "x-mcp-header is there more than " + std::to_string(kHeaderMarksMax) + " times";
    } else {
      marks_.push_back({.name = *name, .path = path_});
    }
  }

  // Schemas that a chain of `properties` does not reach: items, anyOf, $defs and the like.
  void RefuseMarksBelow(std::string_view key, std::string_view value) {
    if (IsOneOf(*TextOf(key), kDataKeywords)) return;
    if (HasMark(value)) problem_ = "x-mcp-header below `" + *TextOf(key) + "`";
  }

  static bool HasMark(std::string_view value) {
    if (value.starts_with('[')) {
      ListWalk walk(value);
      for (std::string_view element; walk.Next(element);) {
        if (HasMark(element)) return true;
      }
    }
    if (!IsRecord(value)) return false;
    RecordWalk walk(value);
    for (std::string_view key, member; walk.Next(key, member);) {
      // A property may well have this name; its value is a schema then.
      if (JsonStringEquals(key, kMarkKey) && !IsRecord(member)) return true;
      if (!IsOneOf(*TextOf(key), kDataKeywords) && HasMark(member)) return true;
    }
    return false;
  }

  std::vector<std::string> path_;
  std::vector<HeaderMark> marks_;
  std::string problem_;
};

}  // namespace

std::expected<std::vector<HeaderMark>, std::string> ReadHeaderMarks(std::string_view input_schema) {
  return MarkScan().Scan(input_schema);
}

std::vector<ToolHeaderMarks::Unusable> ToolHeaderMarks::Learn(const Message& tools_list) {
  CHECK(!tools_list.result_tools.empty());
  std::vector<Unusable> unusable;
  ListWalk walk(tools_list.result_tools);
  for (std::string_view tool; walk.Next(tool);) {
    const auto name = TextOf(MemberOf(tool, "name"));
    if (!name) continue;
    auto learned = Learn(*name, MemberOf(tool, "inputSchema"));
    if (!learned) unusable.push_back({*name, std::move(learned.error())});
  }
  return unusable;
}

std::expected<void, std::string> ToolHeaderMarks::Learn(std::string_view tool,
                                                        std::string_view input_schema) {
  const auto known = marked_.find(tool);
  if (known != marked_.end()) marked_.erase(known);
  auto marks = ReadHeaderMarks(input_schema);
  if (!marks) return std::unexpected(std::move(marks.error()));
  if (marks->empty()) return {};
  if (marked_.size() == kMarkedToolsMax) return std::unexpected("too many tools with x-mcp-header");
  marked_.emplace(tool, std::move(*marks));
  return {};
}

std::span<const HeaderMark> ToolHeaderMarks::Find(std::string_view tool) const {
  const auto known = marked_.find(tool);
  return known == marked_.end() ? std::span<const HeaderMark>() : known->second;
}

}  // namespace policy::mcp
