#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>
#include <string_view>
#include <vector>

#include "compiler/resolve/resolution.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

enum class Below : std::uint8_t {
  Nothing,   // a scalar
  Elements,  // a list
  Members,   // a record whose members the policy cannot know: one has to be named
};

struct KnownMember {
  std::string_view name;
  ValueType type;
  Below below;
};

constexpr KnownMember kToolMembers[] = {{"name", ValueType::String, Below::Nothing},
                                        {"server", ValueType::String, Below::Nothing},
                                        {"category", ValueType::String, Below::Nothing},
                                        {"risk", ValueType::String, Below::Nothing},
                                        {"annotations", ValueType::Any, Below::Members}};
constexpr KnownMember kGrantMembers[] = {{"id", ValueType::String, Below::Nothing},
                                         {"label", ValueType::String, Below::Nothing},
                                         {"tags", ValueType::List, Below::Elements},
                                         {"attributes", ValueType::Any, Below::Members}};
constexpr KnownMember kClientMembers[] = {{"name", ValueType::String, Below::Nothing},
                                          {"version", ValueType::String, Below::Nothing}};
constexpr KnownMember kNowMembers[] = {{"hour", ValueType::Number, Below::Nothing},
                                       {"minute", ValueType::Number, Below::Nothing},
                                       {"weekday", ValueType::String, Below::Nothing},
                                       {"date", ValueType::String, Below::Nothing}};

struct KnownRoot {
  std::string_view name;
  format::Root root;
  std::span<const KnownMember> members;  // empty: any
};

constexpr KnownRoot kRoots[] = {
    {"args", format::Root::Args, {}},
    {"tool", format::Root::Tool, kToolMembers},
    {"grant", format::Root::Grant, kGrantMembers},
    {"claims", format::Root::Claims, {}},
    {"client", format::Root::Client, kClientMembers},
    {"now", format::Root::Now, kNowMembers},
};
constexpr std::array kRootNames = {"args"sv, "tool"sv, "grant"sv, "claims"sv, "client"sv, "now"sv};

void ReportUnknownMember(Resolution& resolution, const KnownRoot& root, std::string_view member,
                         Span span) {
  std::vector<std::string_view> names;
  for (const KnownMember& known : root.members) names.push_back(known.name);
  auto report = resolution.diagnostics.Report(diag::UnknownMember, resolution.source, span,
                                              root.name, member);
  if (const auto meant = NearestWord(member, names)) {
    report.Help(fmt::format("did you mean `{}.{}`?", root.name, meant->word));
  } else {
    report.Help(fmt::format("`{}` has {}", root.name, Enumerate(names)));
  }
}

void ReportIncomplete(Resolution& resolution, std::string_view text, Span span) {
  resolution.diagnostics.Report(diag::PathIncomplete, resolution.source, span, text)
      .Help(fmt::format("name what is below it: `{}.…`", text));
}

// The type at the end of a path whose root knows its members. nullopt: reported.
std::optional<ValueType> TypeBelow(Resolution& resolution, const KnownRoot& root,
                                   const ast::Path& path, Span span) {
  const auto* name = std::get_if<std::string>(&path.steps[0]);
  const KnownMember* member = nullptr;
  for (const KnownMember& known : root.members) {
    if (name != nullptr && known.name == *name) member = &known;
  }
  if (member == nullptr) {
    const std::string written =
        name != nullptr ? *name : fmt::format("[{}]", std::get<std::uint32_t>(path.steps[0]));
    ReportUnknownMember(resolution, root, written, span);
    return std::nullopt;
  }
  if (path.steps.size() == 1) {
    if (member->below != Below::Members) return member->type;
    ReportIncomplete(resolution, PathText(path), span);
    return std::nullopt;
  }
  const bool is_member = std::holds_alternative<std::string>(path.steps[1]);
  const bool fits = (member->below == Below::Members && is_member) ||
                    (member->below == Below::Elements && !is_member);
  if (fits) return ValueType::Any;
  ReportNothingBelow(resolution, span, fmt::format("{}.{}", root.name, member->name));
  return std::nullopt;
}

const KnownRoot* FindRoot(Resolution& resolution, const ast::Path& path) {
  for (const KnownRoot& known : kRoots) {
    if (known.name == path.root.text) return &known;
  }
  auto report = resolution.diagnostics.Report(diag::UnknownRoot, resolution.source, path.root.span,
                                              path.root.text);
  std::vector<std::string_view> names(kRootNames.begin(), kRootNames.end());
  for (const Variable& variable : resolution.variables) names.push_back(variable.name);
  for (const ast::Let& let : resolution.syntax.lets) names.push_back(let.name.text);
  if (const auto meant = NearestWord(path.root.text, names)) {
    report.Help(fmt::format("did you mean `{}`?", meant->word));
    // In a string with escapes the span is the whole string.
    const bool is_exact = path.root.span.end - path.root.span.begin == path.root.text.size();
    if (meant->is_plain && is_exact) report.Replace(path.root.span, std::string(meant->word));
  } else {
    report.Help(fmt::format("a path begins with one of {}; an argument `{}` is `args.{}`",
                            Enumerate(kRootNames), path.root.text, path.root.text));
  }
  return nullptr;
}

ir::PathId AddPath(Resolution& resolution, const ast::Path& path, format::Root root,
                   const std::string& text) {
  const auto next = static_cast<ir::PathId>(resolution.policy.paths.size());
  const auto [entry, is_new] = resolution.path_ids.try_emplace(text, next);
  if (is_new) {
    resolution.policy.paths.push_back({root, path.steps});
    resolution.path_texts.push_back(text);
    resolution.path_values.push_back(
        PushValue(resolution, {.kind = ir::ValueKind::Path, .path_id = next}, nullptr));
  }
  return entry->second;
}

}  // namespace

bool IsRootName(std::string_view name) {
  return std::ranges::find(kRootNames, name) != kRootNames.end();
}

void ReportNothingBelow(Resolution& resolution, Span span, std::string_view text) {
  resolution.diagnostics.Report(diag::NothingBelow, resolution.source, span, text);
}

ir::ValueId ValueAt(const Resolution& resolution, ir::PathId id) {
  return resolution.path_values[static_cast<std::size_t>(id)];
}

std::string PathText(const ast::Path& path) {
  const auto is_plain = [](std::string_view name) {
    for (char c : name) {
      const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
      if (!letter && (&c == name.data() || !((c >= '0' && c <= '9') || c == '-'))) return false;
    }
    return !name.empty() && !(name[0] >= '0' && name[0] <= '9') && name[0] != '-';
  };
  std::string text = path.root.text;
  for (const ast::Step& step : path.steps) {
    if (const auto* index = std::get_if<std::uint32_t>(&step)) {
      text += fmt::format("[{}]", *index);
    } else if (const auto& name = std::get<std::string>(step); is_plain(name)) {
      text += "." + name;
    } else {
      text += "[\"";
      for (char c : name) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += "\"]";
    }
  }
  return text;
}

std::optional<ResolvedPath> ResolvePath(Resolution& resolution, const ast::Path& path, Span span) {
  const KnownRoot* root = FindRoot(resolution, path);
  if (root == nullptr) return std::nullopt;
  std::string text = PathText(path);
  ValueType type = ValueType::Any;
  if (path.steps.empty()) {
    if (root->root != format::Root::Now) {
      ReportIncomplete(resolution, text, span);
      return std::nullopt;
    }
    type = ValueType::Time;
  } else if (!root->members.empty()) {
    const auto known = TypeBelow(resolution, *root, path, span);
    if (!known) return std::nullopt;
    type = *known;
  }
  const ir::PathId path_id = AddPath(resolution, path, root->root, text);
  return ResolvedPath{path_id, type, std::move(text)};
}

}  // namespace policy
