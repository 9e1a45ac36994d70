// Conditions of the text form as policy.json spells them: for policy_json_writer.cc only.
#ifndef GRAMMAR_POLICY_JSON_CONDITIONS_H_
#define GRAMMAR_POLICY_JSON_CONDITIONS_H_

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/ast.h"
#include "grammar/json_document.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy {

class JsonConditions {
 public:
  JsonConditions(const ast::Policy& policy, const Source& source, Diagnostics& diagnostics);

  // One list of conditions that all have to hold. nullopt: reported.
  std::optional<json::Value> AllOf(ast::ExpressionId id) const;
  // Lists of which one has to hold.
  std::optional<std::vector<json::Value>> AnyOf(ast::ExpressionId id) const;
  // `args.amount`, or {"length": …}. nullopt: reported.
  std::optional<json::Value> Cost(ast::ExpressionId id) const;

  // Reports what policy.json cannot say.
  void Refuse(Span span, std::string_view what) const;

 private:
  bool AppendAll(ast::ExpressionId id, bool negated, json::Value& list) const;
  bool AppendComparison(const ast::Expression& expression, const ast::Comparison& comparison,
                        bool negated, json::Value& list) const;
  bool AppendHas(const ast::Has& has, bool negated, json::Value& list) const;
  bool AppendBool(ast::ExpressionId id, bool negated, json::Value& list) const;
  bool AddSubject(ast::ExpressionId id, json::Value& condition) const;
  bool AddAbsent(ast::ExpressionId id, json::Value& condition) const;
  std::optional<json::Value> Operand(ast::ExpressionId id) const;
  // What a `let` names, or `id` itself.
  ast::ExpressionId Named(ast::ExpressionId id) const;

  const ast::Policy& policy_;
  const Source& source_;
  Diagnostics& diagnostics_;
  std::unordered_map<std::string_view, ast::ExpressionId> lets_;
};

// The path as policy.json spells it; `skip_root`: what stands behind `args.`.
std::string JsonPathText(const ast::Path& path, bool skip_root);

}  // namespace policy

#endif  // GRAMMAR_POLICY_JSON_CONDITIONS_H_
