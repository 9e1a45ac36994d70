#include "grammar/text_from_json.h"

#include <string>
#include <unordered_map>
#include <utility>

#include "grammar/written_number.h"

namespace policy {

namespace {

// Counters by the first limit that names them; what a later one says otherwise stays with it.
class CounterDeclarations {
 public:
  explicit CounterDeclarations(ast::Policy& policy) : policy_(policy) {}

  void Declare(ast::Limit& limit) {
    if (!limit.terms) return;
    ast::CounterTerms terms = *std::exchange(limit.terms, std::nullopt);
    limit.form = ast::Limit::Form::Limit;
    const auto [entry, is_new] = places_.try_emplace(limit.counter.text, policy_.counters.size());
    if (is_new) {
      if (terms.scale == DecimalsOf(terms.max.text)) terms.scale.reset();
      policy_.counters.push_back({limit.counter, std::move(terms), limit.counter.span});
      return;
    }
    const ast::CounterTerms& declared = policy_.counters[entry->second].terms;
    if (terms.max.text != declared.max.text) limit.max = terms.max;
    if (terms.on_error != declared.on_error) limit.on_error = terms.on_error;
    if (terms.on_store_error != declared.on_store_error) {
      limit.on_store_error = terms.on_store_error;
    }
  }

 private:
  ast::Policy& policy_;
  std::unordered_map<std::string, std::size_t> places_;
};

bool IsTrue(const ast::Policy& policy, ast::ExpressionId id) {
  const auto* literal = std::get_if<ast::Literal>(&ast::At(policy, id).node);
  return literal != nullptr && literal->kind == ast::LiteralKind::Bool && literal->boolean;
}

// `args.atAll == true` is what `args.atAll` says as a condition.
void ShortenBools(ast::Policy& policy) {
  for (ast::Expression& expression : policy.expressions) {
    const auto* comparison = std::get_if<ast::Comparison>(&expression.node);
    if (comparison == nullptr || comparison->op != ast::Operator::Equal) continue;
    if (IsTrue(policy, comparison->right)) expression = ast::At(policy, comparison->left);
  }
}

// policy.json's `exists` may have an `absent` value, which only says that an absent argument counts
// as there: then the test fails for no call, and is unknown as before.
void SpellOutExists(ast::Policy& policy) {
  const std::size_t count = policy.expressions.size();
  for (std::size_t i = 0; i < count; ++i) {
    const auto* has = std::get_if<ast::Has>(&policy.expressions[i].node);
    if (has == nullptr) continue;
    const auto* or_else = std::get_if<ast::OrElse>(&ast::At(policy, has->path_id).node);
    if (or_else == nullptr) continue;
    const Span span = policy.expressions[i].span;
    const auto add = [&](auto node) {
      policy.expressions.push_back({std::move(node), span});
      return static_cast<ast::ExpressionId>(policy.expressions.size() - 1);
    };
    const ast::ExpressionId is_there = add(ast::Has{or_else->path_id});
    const ast::ExpressionId is_absent = add(ast::Not{is_there});
    policy.expressions[i].node = ast::Junction{ast::Junction::Kind::Or, {is_there, is_absent}};
  }
}

void TakeApproval(const std::optional<ast::Approve>& common, ast::Approve& approve) {
  if (!common) return;
  if (!approve.from) approve.from = common->from;
  if (!approve.within) approve.within = common->within;
}

}  // namespace

ast::Policy ToTextForm(ast::Policy policy) {
  policy.form = ast::Form::Text;
  if (policy.description) policy.name = *std::exchange(policy.description, std::nullopt);
  policy.schema.reset();
  if (policy.default_span.end == 0) policy.default_span = {0, 1};
  ShortenBools(policy);
  SpellOutExists(policy);
  CounterDeclarations counters(policy);
  for (ast::ToolBlock& block : policy.blocks) {
    for (ast::Statement& statement : block.statements) {
      statement.implied = false;
      auto* const limit = std::get_if<ast::Limit>(&statement.node);
      if (limit != nullptr) {
        counters.Declare(*limit);
      } else if (!statement.because && block.reason) {
        statement.because = block.reason;
      }
      if (auto* approve = std::get_if<ast::Approve>(&statement.node)) {
        TakeApproval(block.approval, *approve);
      }
    }
    block.reason.reset();
    block.approval.reset();
  }
  return policy;
}

}  // namespace policy
