// The parts of the policy.json reader: for its own files only; others want policy_json_reader.h.
#ifndef GRAMMAR_POLICY_JSON_PARTS_H_
#define GRAMMAR_POLICY_JSON_PARTS_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/ast.h"
#include "grammar/json_fields.h"

namespace policy {

struct PolicyJsonReader {
  JsonInput input;
  ast::Policy policy;
  std::size_t rule_count = 0;
  bool has_reported_rule_count = false;

  ast::ExpressionId Add(ast::Expression expression);
};

// A word whose text is that of a string literal, or nullopt when it was reported.
std::optional<ast::Word> ReadTextWord(JsonInput input, const json::Value& value,
                                      std::string_view key);

// `require`, `deny_if` and `approve_if` of an entry: policy_json_rules.cc.
void ReadRequire(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                 ast::ToolBlock& block);
void ReadDenyIf(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                ast::ToolBlock& block);
void ReadApproveIf(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                   ast::ToolBlock& block);
// `{from, within}` of an `approval` record or of an approve_if rule.
ast::Approve ReadApproval(PolicyJsonReader& reader, const Fields& fields);

// `limits` and `rate_limit`: policy_json_limits.cc. `pointer` is that of the value itself.
void ReadLimits(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                ast::ToolBlock& block);
void ReadRateLimit(PolicyJsonReader& reader, const json::Value& value, const std::string& pointer,
                   ast::ToolBlock& block);

// A path in a string: "args.a.b". Steps below `root` when one is given.
std::optional<ast::Path> ReadPath(JsonInput input, const json::Value& value, std::string_view key,
                                  std::string_view root);

// Counts a rule against kPolicyRulesMax; false, once reported, when there is no room.
bool CountRule(PolicyJsonReader& reader, Span span);

}  // namespace policy

#endif  // GRAMMAR_POLICY_JSON_PARTS_H_
