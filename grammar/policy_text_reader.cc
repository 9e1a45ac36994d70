#include "grammar/policy_text_reader.h"

#include <fmt/format.h>

#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

// The one emitting place of its row.
void ReportOnlyInRoot(TextFile& file, TextView view, std::string_view statement) {
  file.input.diagnostics.Report(diag::OnlyInRoot, file.input.root, view.span(), statement)
      .Help("the policy that includes the file says it");
}

// Whether a statement that only the root may have, and only once, counts.
bool IsFirstInRoot(TextFile& file, TextView view, std::string_view statement,
                   const std::optional<Span>& first) {
  if (!file.is_root()) {
    ReportOnlyInRoot(file, view, statement);
    return false;
  }
  if (!first) return true;
  ReportGivenTwice(file.input, view.span(), *first, statement);
  return false;
}

void ReadPolicyName(TextFile& file, TextView view) {
  PolicyTextReader& reader = file.reader;
  if (!IsFirstInRoot(file, view, "policy", reader.name_span)) return;
  reader.name_span = view.span();
  reader.policy.name = ReadWord(file, view.first_child());
  CheckText(file.input.root, file.input.diagnostics, reader.policy.name.span,
            reader.policy.name.text, "policy");
}

void ReadDefault(TextFile& file, TextView view) {
  PolicyTextReader& reader = file.reader;
  if (!IsFirstInRoot(file, view, "default", reader.default_span)) return;
  reader.default_span = view.span();
  reader.policy.default_span = view.first_child().span();
  reader.policy.default_allows = view.first_child().text() == "allow";
}

void ReadZone(TextFile& file, TextView view) {
  ast::Policy& policy = file.reader.policy;
  const std::optional<Span> first = policy.zone ? std::optional(policy.zone->span) : std::nullopt;
  if (!IsFirstInRoot(file, view, "zone", first)) return;
  policy.zone = ReadWord(file, view.first_child());
  CheckText(file.input.root, file.input.diagnostics, policy.zone->span, policy.zone->text, "zone");
}

void ReadUseTools(TextFile& file, TextView view) {
  std::optional<ast::UseTools>& use = file.reader.policy.use_tools;
  const std::optional<Span> first = use ? std::optional(use->span) : std::nullopt;
  if (!IsFirstInRoot(file, view, "use tools", first)) return;
  ast::Word path = ReadWord(file, view.first_child());
  CheckText(file.input.root, file.input.diagnostics, path.span, path.text, "use tools");
  use = {std::move(path), view.span()};
}

void ReadLet(TextFile& file, TextView view) {
  std::optional<ast::Word> name;
  for (TextView child : view.children()) {
    if (!name) {
      name = ReadName(file, child, NameSort::Let);
      Declare(file, *name, NameSort::Let, "lets");
      continue;
    }
    const ast::ExpressionId value_id = ReadExpression(file, child);
    file.reader.policy.lets.push_back({*name, value_id, view.span()});
  }
}

void ReadHide(TextFile& file, TextView view) {
  std::vector<ast::Hide>& hides = file.reader.policy.hides;
  for (TextView child : view.children()) {
    ast::Word pattern = ReadName(file, child, NameSort::Tool);
    if (hides.size() == kPolicyHidesMax) {
      ReportTooMany(file.input.root, file.input.diagnostics, child.span(), "hide",
                    kPolicyHidesMax + 1, kPolicyHidesMax);
    }
    if (hides.size() > kPolicyHidesMax) return;
    const ast::Word id{"hide/" + pattern.text, pattern.span};
    Declare(file, id, NameSort::Rule, "rules");
    hides.push_back({id.text, std::move(pattern)});
  }
}

void ReadStatement(TextFile& file, TextView view) {
  switch (view.kind()) {
    case TextKind::PolicyStatement:
      return ReadPolicyName(file, view);
    case TextKind::DefaultStatement:
      return ReadDefault(file, view);
    case TextKind::ZoneStatement:
      return ReadZone(file, view);
    case TextKind::UseStatement:
      return ReadUseTools(file, view);
    case TextKind::IncludeStatement:
      return ReadInclude(file, view);
    case TextKind::LetStatement:
      return ReadLet(file, view);
    case TextKind::CounterStatement:
      return ReadCounter(file, view);
    case TextKind::HideStatement:
      return ReadHide(file, view);
    case TextKind::ToolBlock:
      return ReadToolBlock(file, view);
    case TextKind::TestBlock:
      if (file.is_root()) ReadTest(file, view);
      return;
    default:
      return;
  }
}

}  // namespace

std::optional<TextView> ChildOf(TextView view, TextKind kind) {
  for (TextView child : view.children()) {
    if (child.kind() == kind) return child;
  }
  return std::nullopt;
}

void ReadTextFile(PolicyTextReader& reader, const Source& source, std::uint16_t number,
                  std::string folder) {
  TextFile file{reader, {reader.root, source, number, reader.diagnostics}, std::move(folder)};
  if (!CheckBytes(reader.root, source, number, reader.diagnostics)) return;
  CheckCharacters(file.input);
  ParsedText parsed = ParsePolicyText(file.input);
  reader.open.push_back(&source);
  for (TextView statement : TextView::Statements(parsed.tree)) ReadStatement(file, statement);
  reader.open.pop_back();
  if (!file.is_root()) return;
  reader.policy.comments = std::move(parsed.comments);
  if (!reader.reads_one_file && !reader.default_span && !parsed.broken.contains("default")) {
    reader.diagnostics.Report(diag::DefaultMissing, reader.root, {})
        .Help("say what happens to a call that no rule admits: `default deny`");
  }
}

namespace {

std::optional<ast::Policy> Read(PolicyTextReader reader) {
  const std::size_t errors_before = reader.diagnostics.error_count();
  reader.policy.form = ast::Form::Text;
  reader.included.insert(&reader.root);
  ReadTextFile(reader, reader.root, 0, "");
  if (reader.diagnostics.error_count() != errors_before) return std::nullopt;
  return std::move(reader.policy);
}

}  // namespace

std::optional<ast::Policy> ReadPolicyText(const Source& source, SourceLoader* loader,
                                          Diagnostics& diagnostics) {
  return Read({.root = source, .loader = loader, .diagnostics = diagnostics});
}

std::optional<ast::Policy> ReadPolicyTextFile(const Source& source, Diagnostics& diagnostics) {
  return Read(
      {.root = source, .loader = nullptr, .diagnostics = diagnostics, .reads_one_file = true});
}

}  // namespace policy
