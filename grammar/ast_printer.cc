#include "grammar/ast_printer.h"

#include <fmt/format.h>

#include <string_view>

#include "grammar/json_fields.h"
#include "grammar/operator_text.h"

namespace policy {
namespace {

using ast::ExpressionId;

bool IsPlainName(std::string_view text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  return !text.empty() && text.find_first_not_of(kPlain) == std::string_view::npos;
}

std::string PathText(const ast::Path& path) {
  std::string text = path.root.text;
  for (const ast::Step& step : path.steps) {
    if (const auto* member = std::get_if<std::string>(&step)) {
      text += IsPlainName(*member) ? "." + *member : "[" + JsonQuoted(*member) + "]";
    } else {
      text += fmt::format("[{}]", std::get<std::uint32_t>(step));
    }
  }
  return text;
}

// Prints one expression. Expressions are as deep as the reader lets policies nest.
class ExpressionText {
 public:
  explicit ExpressionText(const ast::Policy& policy) : policy_(policy) {}

  std::string Of(ExpressionId id) const { return std::visit(*this, ast::At(policy_, id).node); }

  std::string operator()(const ast::Literal& literal) const {
    switch (literal.kind) {
      case ast::LiteralKind::Null:
        return "null";
      case ast::LiteralKind::Bool:
        return literal.boolean ? "true" : "false";
      case ast::LiteralKind::Number:
      case ast::LiteralKind::Duration:
        return literal.text;
      case ast::LiteralKind::String:
        return JsonQuoted(literal.text);
    }
    return "";
  }
  std::string operator()(const ast::Path& path) const { return PathText(path); }
  std::string operator()(const ast::List& list) const {
    return "[" + Joined(list.items, ", ") + "]";
  }
  std::string operator()(const ast::Not& node) const { return "not (" + Of(node.operand) + ")"; }
  std::string operator()(const ast::Junction& junction) const {
    const bool is_and = junction.kind == ast::Junction::Kind::And;
    if (junction.operands.empty()) return is_and ? "true" : "false";
    return "(" + Joined(junction.operands, is_and ? " and " : " or ") + ")";
  }
  std::string operator()(const ast::Comparison& comparison) const {
    return fmt::format("{} {} {}", Of(comparison.left), TextNameOf(comparison.op),
                       Of(comparison.right));
  }
  std::string operator()(const ast::Has& has) const { return "has " + Of(has.path_id); }
  std::string operator()(const ast::IsNull& node) const { return Of(node.path_id) + " is null"; }
  std::string operator()(const ast::OrElse& node) const {
    return "(" + Of(node.path_id) + " ?? " + Of(node.literal_id) + ")";
  }
  std::string operator()(const ast::Call& call) const {
    return call.function.text + "(" + Joined(call.arguments, ", ") + ")";
  }
  std::string operator()(const ast::Arithmetic& node) const {
    constexpr std::string_view kSigns[] = {"+", "-", "*"};
    return fmt::format("({} {} {})", Of(node.left), kSigns[static_cast<std::size_t>(node.kind)],
                       Of(node.right));
  }
  std::string operator()(const ast::Part& part) const {
    const auto* index = std::get_if<std::uint32_t>(&part.step);
    return Of(part.of_id) + (index != nullptr
                                 ? fmt::format("[{}]", *index)
                                 : "[" + JsonQuoted(std::get<std::string>(part.step)) + "]");
  }
  std::string operator()(const ast::Quantifier& quantifier) const {
    constexpr std::string_view kKinds[] = {"any", "all", "count"};
    return fmt::format("({} {} in {}: {})", kKinds[static_cast<std::size_t>(quantifier.kind)],
                       quantifier.variable.text, Of(quantifier.list_id), Of(quantifier.body_id));
  }

 private:
  std::string Joined(const std::vector<ExpressionId>& ids, std::string_view separator) const {
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (i != 0) text += separator;
      text += Of(ids[i]);
    }
    return text;
  }

  const ast::Policy& policy_;
};

// What is as it would be unsaid is left out.
std::string OnErrorText(ast::OnError on_error) {
  return on_error == ast::OnError::Refund ? " on error refund" : "";
}

std::string OnStoreErrorText(ast::OnStoreError on_store_error) {
  constexpr std::string_view kWords[] = {"", " on store error local_share",
                                         " on store error allow"};
  return std::string(kWords[static_cast<std::size_t>(on_store_error)]);
}

std::string MeasureText(const ast::CounterTerms& terms) {
  const bool is_at_once = terms.algorithm == ast::Algorithm::Concurrency;
  std::string text = terms.max.text + (is_at_once ? " at once" : " per ");
  text += terms.window.written.text;
  if (terms.algorithm == ast::Algorithm::Sliding) text += " sliding";
  if (terms.algorithm == ast::Algorithm::Bucket) text += " bucket";
  if (terms.burst) text += " burst " + terms.burst->text;
  return text;
}

std::string TermsText(const ast::CounterTerms& terms) {
  constexpr std::string_view kScopes[] = {"grant", "session", "tool", "server", "global"};
  std::string text = MeasureText(terms);
  for (std::size_t i = 0; i < terms.scopes.size(); ++i) {
    const ast::Scope& scope = terms.scopes[i];
    text += i == 0 ? " each " : ", ";
    text += scope.kind == ast::ScopeKind::Value
                ? PathText(scope.path)
                : std::string(kScopes[static_cast<std::size_t>(scope.kind)]);
  }
  if (terms.scale) text += fmt::format(" scale {}", *terms.scale);
  return text + OnErrorText(terms.on_error) + OnStoreErrorText(terms.on_store_error);
}

std::string ApproveText(const ast::Approve& approve, const ExpressionText& expressions) {
  std::string text = "approve";
  if (approve.when) text += " when " + expressions.Of(*approve.when);
  if (approve.from) text += " from " + JsonQuoted(approve.from->text);
  if (approve.within) text += " within " + approve.within->written.text;
  return text;
}

// Prints what a statement says, without its id and message.
struct StatementText {
  const ExpressionText& expressions;

  std::string When(std::string_view word, const std::optional<ExpressionId>& when) const {
    std::string text(word);
    if (when) text += " when " + expressions.Of(*when);
    return text;
  }
  std::string operator()(const ast::Allow& allow) const { return When("allow", allow.when); }
  std::string operator()(const ast::Deny& deny) const { return When("deny", deny.when); }
  std::string operator()(const ast::Require& require) const {
    return "require " + expressions.Of(require.condition_id);
  }
  std::string operator()(const ast::Approve& approve) const {
    return ApproveText(approve, expressions);
  }
  std::string operator()(const ast::CloseArguments& close) const {
    std::string text = "args only to";
    for (const ast::Word& name : close.names) text += " " + JsonQuoted(name.text);
    return text;
  }
  std::string operator()(const ast::OpenArguments&) const { return "args any"; }
  std::string operator()(const ast::Limit& limit) const {
    std::string text = "limit " + JsonQuoted(limit.counter.text);
    if (limit.cost) text += " by " + expressions.Of(*limit.cost);
    if (limit.terms) text += ": " + TermsText(*limit.terms);
    if (limit.max) text += " up to " + limit.max->text;
    if (limit.on_error) text += OnErrorText(*limit.on_error);
    if (limit.on_store_error) text += OnStoreErrorText(*limit.on_store_error);
    return text;
  }
};

void AppendBlock(const ast::ToolBlock& block, const ExpressionText& expressions,
                 std::string& text) {
  text += "tool";
  for (const ast::Word& pattern : block.patterns) text += " " + JsonQuoted(pattern.text);
  if (block.server) text += " on server " + JsonQuoted(block.server->text);
  if (block.reason) text += " because " + JsonQuoted(block.reason->text);
  text += "\n";
  if (block.approval) {
    text += "  by default " + ApproveText(*block.approval, expressions) + "\n";
  }
  for (const ast::Statement& statement : block.statements) {
    text += fmt::format("  {}: {}", statement.id,
                        std::visit(StatementText{expressions}, statement.node));
    if (statement.because) text += " because " + JsonQuoted(statement.because->text);
    text += statement.implied ? " (implied)\n" : "\n";
  }
}

std::string Clause(std::string_view word, const std::optional<ast::Word>& value) {
  return value ? fmt::format(" {} {}", word, JsonQuoted(value->text)) : "";
}

std::string RecordClause(std::string_view word, std::string_view record) {
  return record.empty() ? "" : fmt::format(" {} {}", word, record);
}

std::string CallText(const ast::TestCall& call) {
  constexpr std::string_view kOutcomes[] = {"allow", "deny", "approval", "limited"};
  std::string text = "  call " + JsonQuoted(call.tool.text) + " " + call.arguments;
  text += Clause("on server", call.server) + Clause("as grant", call.grant) +
          Clause("in session", call.session) + RecordClause("with claims", call.claims) +
          RecordClause("with attributes", call.attributes) +
          RecordClause("with annotations", call.annotations) + Clause("at", call.at);
  text += fmt::format(": expect {}", kOutcomes[static_cast<std::size_t>(call.outcome)]);
  text += Clause("from", call.from) + Clause("by", call.rule) + Clause("because", call.message);
  if (call.retry_after_ms) text += " retry after " + call.retry_after_ms->text;
  return text + "\n";
}

void AppendTest(const ast::Test& test, std::string& text) {
  text += fmt::format("test {}\n", JsonQuoted(test.name.text));
  for (const ast::TestCall& call : test.calls) text += CallText(call);
}

}  // namespace

std::string PrintAst(const ast::Policy& policy) {
  const ExpressionText expressions(policy);
  std::string text;
  if (!policy.name.text.empty()) text += "policy " + JsonQuoted(policy.name.text) + "\n";
  if (policy.description) text += "description " + JsonQuoted(policy.description->text) + "\n";
  text += policy.default_allows ? "default allow\n" : "default deny\n";
  if (policy.zone) text += "zone " + JsonQuoted(policy.zone->text) + "\n";
  if (const auto& use = policy.use_tools) {
    text += fmt::format("use tools {}\n", JsonQuoted(use->path.text));
  }
  for (const ast::Include& include : policy.includes) {
    text += fmt::format("include {}\n", JsonQuoted(include.path.text));
  }
  for (const ast::Let& let : policy.lets) {
    text += fmt::format("let {} = {}\n", let.name.text, expressions.Of(let.value_id));
  }
  for (const ast::Hide& hide : policy.hides) {
    text += fmt::format("{}: hide {}\n", hide.id, JsonQuoted(hide.pattern.text));
  }
  for (const ast::Counter& counter : policy.counters) {
    text +=
        fmt::format("counter {} = {}\n", JsonQuoted(counter.name.text), TermsText(counter.terms));
  }
  for (const ast::ToolBlock& block : policy.blocks) AppendBlock(block, expressions, text);
  for (const ast::Test& test : policy.tests) AppendTest(test, text);
  return text;
}

}  // namespace policy
