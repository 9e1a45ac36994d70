#include <fmt/format.h>

#include <array>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_text_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

// The clauses of a rule, in the order in which they stand.
enum class Clause : std::uint8_t { When, UpTo, Error, StoreError, From, Within, Because };
constexpr std::array kClauseWords = {"when"sv, "up to"sv,  "on error"sv, "on store error"sv,
                                     "from"sv, "within"sv, "because"sv};
constexpr std::size_t kClauses = kClauseWords.size();

std::optional<Clause> ClauseOf(TextKind kind) {
  switch (kind) {
    case TextKind::WhenClause:
      return Clause::When;
    case TextKind::UpToClause:
      return Clause::UpTo;
    case TextKind::ErrorClause:
      return Clause::Error;
    case TextKind::StoreErrorClause:
      return Clause::StoreError;
    case TextKind::FromClause:
      return Clause::From;
    case TextKind::WithinClause:
      return Clause::Within;
    case TextKind::BecauseClause:
      return Clause::Because;
    default:
      return std::nullopt;
  }
}

bool Takes(TextKind rule, Clause clause) {
  switch (clause) {
    case Clause::When:
      return rule == TextKind::Allow || rule == TextKind::Deny || rule == TextKind::Approve;
    case Clause::From:
    case Clause::Within:
      return rule == TextKind::Approve;
    case Clause::UpTo:
    case Clause::Error:
    case Clause::StoreError:
      return rule == TextKind::Limit || rule == TextKind::Charge;
    case Clause::Because:
      return true;
  }
  return false;
}

using ClauseViews = std::array<std::optional<TextView>, kClauses>;

// The clauses of a rule, each once. `when` is first and `because` last; what is between is in no
// order. `keyword` is the rule's.
ClauseViews ReadClauses(TextFile& file, TextView rule, std::string_view keyword) {
  ClauseViews views;
  const TextInput& input = file.input;
  for (TextView child : rule.children()) {
    const auto clause = ClauseOf(child.kind());
    if (!clause) continue;
    const std::string_view word = kClauseWords[static_cast<std::size_t>(*clause)];
    std::optional<TextView>& view = views[static_cast<std::size_t>(*clause)];
    const auto& because = views[static_cast<std::size_t>(Clause::Because)];
    if (!Takes(rule.kind(), *clause)) {
      input.diagnostics.Report(diag::ClauseUnknown, input.root, child.span(), keyword, word);
      continue;
    }
    if (view) {
      ReportGivenTwice(input, child.span(), view->span(), word);
      continue;
    }
    view = child;
    const bool is_late_when = *clause == Clause::When && (because || [&] {
      for (const auto& other : views) {
        if (other && other->kind() != TextKind::WhenClause) return true;
      }
      return false;
    }());
    if (is_late_when || (because && *clause != Clause::Because)) {
      input.diagnostics
          .Report(diag::ClauseOrder, input.root, child.span(), word, because ? "because" : "from")
          .Help("the order is `when`, what else there is, and `because` last");
    }
  }
  return views;
}

const std::optional<TextView>& Find(const ClauseViews& clauses, Clause clause) {
  return clauses[static_cast<std::size_t>(clause)];
}

std::optional<ast::ExpressionId> ReadWhen(TextFile& file, const ClauseViews& clauses) {
  const auto& when = Find(clauses, Clause::When);
  if (!when) return std::nullopt;
  return ReadExpression(file, when->first_child());
}

ast::Approve ReadApprove(TextFile& file, const ClauseViews& clauses) {
  ast::Approve approve;
  approve.when = ReadWhen(file, clauses);
  if (const auto& from = Find(clauses, Clause::From)) {
    approve.from = ReadName(file, from->first_child(), NameSort::Group);
  }
  if (const auto& within = Find(clauses, Clause::Within)) {
    const TextView length = within->first_child();
    const auto seconds = SecondsOf(length.text(), kApprovalSecondsMax);
    if (!seconds) {
      ReportBadDuration(file.input.root, file.input.diagnostics, length.span(), length.text(),
                        kApprovalSecondsMax);
    }
    approve.within = {seconds.value_or(1), {std::string(length.text()), length.span()}};
  }
  return approve;
}

// limit NAME …, charge NAME VALUE …
ast::Limit ReadLimit(TextFile& file, TextView view, const ClauseViews& clauses) {
  ast::Limit limit;
  bool has_counter = false;
  for (TextView child : view.children()) {
    if (ClauseOf(child.kind())) continue;
    if (!std::exchange(has_counter, true)) {
      limit.counter = ReadName(file, child, NameSort::Counter);
    } else {
      limit.cost = ReadExpression(file, child);
    }
  }
  if (const auto& up_to = Find(clauses, Clause::UpTo)) {
    limit.max = ReadWord(file, up_to->first_child());
  }
  if (const auto& error = Find(clauses, Clause::Error)) limit.on_error = ReadOnError(*error);
  if (const auto& store = Find(clauses, Clause::StoreError)) {
    limit.on_store_error = ReadOnStoreError(*store);
  }
  return limit;
}

// args only a, b
ast::CloseArguments ReadArguments(TextFile& file, TextView view) {
  ast::CloseArguments close;
  for (TextView child : view.children()) {
    if (ClauseOf(child.kind())) continue;
    const TextView name = child.has_children() ? child.first_child() : child;
    close.names.push_back(ReadName(file, name, NameSort::Argument));
  }
  if (close.names.size() > kArgumentNamesMax) {
    ReportTooMany(file.input.root, file.input.diagnostics, view.span(), "args only",
                  close.names.size(), kArgumentNamesMax);
  }
  return close;
}

std::string_view KeywordOf(TextKind rule) {
  switch (rule) {
    case TextKind::Allow:
      return "allow";
    case TextKind::Deny:
      return "deny";
    case TextKind::Require:
      return "require";
    case TextKind::Approve:
      return "approve";
    case TextKind::Limit:
      return "limit";
    case TextKind::Charge:
      return "charge";
    default:
      return "args";
  }
}

void ReadRule(TextFile& file, TextView view, const ClauseViews& clauses,
              ast::Statement& statement) {
  switch (view.kind()) {
    case TextKind::Allow:
      statement.node = ast::Allow{ReadWhen(file, clauses)};
      break;
    case TextKind::Deny:
      statement.node = ast::Deny{ReadWhen(file, clauses)};
      break;
    case TextKind::Approve:
      statement.node = ReadApprove(file, clauses);
      break;
    case TextKind::Require:
      for (TextView child : view.children()) {
        if (child.kind() != TextKind::RuleName && !ClauseOf(child.kind())) {
          statement.node = ast::Require{ReadExpression(file, child)};
        }
      }
      break;
    case TextKind::Limit:
    case TextKind::Charge:
      statement.node = ReadLimit(file, view, clauses);
      break;
    case TextKind::ArgumentsAny:
      statement.node = ast::OpenArguments{};
      break;
    default:
      statement.node = ReadArguments(file, view);
      break;
  }
}

// The name that the author gave, or TOOLS/KIND/N.
void NameRule(TextFile& file, TextView view, const std::string& tools, ast::Statement& statement) {
  const std::string_view keyword = KeywordOf(view.kind());
  const std::string kind = fmt::format("{}/{}", tools, keyword == "charge" ? "limit" : keyword);
  const std::size_t number = ++file.reader.rule_numbers[kind];
  statement.id = fmt::format("{}/{}", kind, number);
  if (const auto name = ChildOf(view, TextKind::RuleName)) {
    statement.name = ReadName(file, *name, NameSort::Rule);
    statement.id = statement.name->text;
  }
  const Span span = statement.name ? statement.name->span : view.span();
  Declare(file, {statement.id, span}, NameSort::Rule, "rules");
}

void ReadToolStatement(TextFile& file, TextView view, const std::string& tools,
                       ast::ToolBlock& block) {
  if (!CountRule(file, view.span())) return;
  const ClauseViews clauses = ReadClauses(file, view, KeywordOf(view.kind()));
  ast::Statement statement{
      .id = {}, .node = ast::OpenArguments{}, .because = {}, .span = view.span()};
  NameRule(file, view, tools, statement);
  ReadRule(file, view, clauses, statement);
  if (const auto& because = Find(clauses, Clause::Because)) {
    statement.because = ReadWord(file, because->first_child());
    CheckText(file.input.root, file.input.diagnostics, statement.because->span,
              statement.because->text, "because");
  }
  block.statements.push_back(std::move(statement));
}

}  // namespace

bool CountRule(TextFile& file, Span span) {
  PolicyTextReader& reader = file.reader;
  if (++reader.rule_count <= kPolicyRulesMax) return true;
  if (!std::exchange(reader.has_reported_rule_count, true)) {
    ReportTooManyRules(file.input.root, file.input.diagnostics, span);
  }
  return false;
}

void ReadToolBlock(TextFile& file, TextView view) {
  ast::ToolBlock block;
  block.span = view.span();
  std::string tools;
  bool is_head = true;
  for (TextView child : view.children()) {
    if (is_head && (child.kind() == TextKind::Identifier || child.kind() == TextKind::String)) {
      block.patterns.push_back(ReadName(file, child, NameSort::Tool));
      tools += (tools.empty() ? "" : ",") + block.patterns.back().text;
      continue;
    }
    if (child.kind() == TextKind::OnServer) {
      block.server = ReadName(file, child.first_child(), NameSort::Server);
      tools += "@" + block.server->text;
      continue;
    }
    is_head = false;
    ReadToolStatement(file, child, tools, block);
  }
  std::vector<ast::ToolBlock>& blocks = file.reader.policy.blocks;
  if (blocks.size() == kPolicyToolsMax) {
    ReportTooMany(file.input.root, file.input.diagnostics, view.span(), "tool", kPolicyToolsMax + 1,
                  kPolicyToolsMax);
  }
  if (blocks.size() <= kPolicyToolsMax) blocks.push_back(std::move(block));
}

}  // namespace policy
