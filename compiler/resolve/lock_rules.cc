#include "compiler/resolve/lock_rules.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/tool_schema.h"
#include "policy/check.h"
#include "runtime/program/rule_ids.h"
#include "runtime/value/glob.h"

namespace policy {

namespace {

ir::Pin PinOf(const std::string& server, const catalog::LockedTool& tool) {
  ir::Pin pin{.server = server,
              .tool = tool.name,
              .annotations = {},
              .category = tool.category,
              .risk = tool.risk,
              .closes_arguments = true,
              .argument_names = {}};
  if (tool.annotations) pin.annotations = catalog::CanonicalJson(*tool.annotations);
  const catalog::ToolSchema schema(tool.input_schema);
  pin.closes_arguments = !schema.OpensArguments();
  for (const std::string_view name : schema.NamesAt({})) pin.argument_names.emplace_back(name);
  return pin;
}

class LockRules {
 public:
  explicit LockRules(ir::Policy& policy) : policy_(policy) {}

  void Add() {
    if (policy_.lock->empty()) return HideAll();
    AddPinnedOnly();
    for (const ir::Pin& pin : *policy_.lock) AddPinnedTool(pin);
  }

 private:
  // A program knows its lock by its pins; where there are none, no tool is to be seen either.
  void HideAll() {
    ir::Block block{.patterns = {"*"}, .hides = true};
    block.rule_ids = {AddRule(NewRule(format::RuleKind::Hide))};
    block.span = policy_.default_span;
    policy_.blocks.push_back(std::move(block));
  }

  // One rule for every call: it fires unless the tool is pinned for the server that is called.
  void AddPinnedOnly() {
    std::map<std::string_view, std::vector<std::string>> tools_by_server;
    for (const ir::Pin& pin : *policy_.lock) tools_by_server[pin.server].push_back(pin.tool);
    ir::Formula is_pinned{.kind = ir::FormulaKind::Or,
                          .constant = Truth::True,
                          .test_id = {},
                          .operands = {},
                          .span = policy_.default_span};
    for (auto& [server, tools] : tools_by_server) {
      ir::Formula on_server = is_pinned;
      on_server.kind = ir::FormulaKind::And;
      on_server.operands.clear();
      on_server.operands = {
          AddTest(ToolMember("server"), Predicate::EqualString, std::string(server)),
          AddTest(ToolMember("name"), Predicate::InStrings, std::move(tools))};
      is_pinned.operands.push_back(AddFormula(std::move(on_server)));
    }
    ir::Formula is_not{.kind = ir::FormulaKind::Not,
                       .constant = Truth::True,
                       .test_id = {},
                       .operands = {AddFormula(std::move(is_pinned))},
                       .span = policy_.default_span};
    ir::Rule rule = NewRule(format::RuleKind::Deny);
    rule.condition_id = AddFormula(std::move(is_not));
    ir::Block block{.patterns = {"*"}};
    block.rule_ids = {AddRule(std::move(rule))};
    block.span = policy_.default_span;
    policy_.blocks.push_back(std::move(block));
  }

  // A block of its own even where there is nothing to close: it names the tool exactly.
  void AddPinnedTool(const ir::Pin& pin) {
    ir::Block block{.patterns = {pin.tool}};
    block.span = policy_.default_span;
    if (pin.closes_arguments && !IsOpened(pin)) {
      block.server = pin.server;
      ir::Rule rule = NewRule(format::RuleKind::CloseArguments);
      rule.argument_names = pin.argument_names;
      block.rule_ids = {AddRule(std::move(rule))};
    }
    policy_.blocks.push_back(std::move(block));
  }

  bool IsOpened(const ir::Pin& pin) const {
    return std::ranges::any_of(policy_.blocks, [&](const ir::Block& block) {
      return block.opens_arguments && (!block.server || *block.server == pin.server) &&
             std::ranges::any_of(block.patterns, [&](const std::string& pattern) {
               return GlobMatches(pattern, pin.tool);
             });
    });
  }

  ir::Rule NewRule(format::RuleKind kind) const {
    ir::Rule rule;
    rule.kind = kind;
    rule.id = kLockRuleId;
    rule.span = policy_.default_span;
    return rule;
  }

  // The value of `tool.<member>`, which the policy may look at already.
  ir::ValueId ToolMember(const std::string& member) {
    const ir::Path path{.root = format::Root::Tool, .steps = {member}};
    auto path_id =
        static_cast<ir::PathId>(std::ranges::find(policy_.paths, path) - policy_.paths.begin());
    if (static_cast<std::size_t>(path_id) == policy_.paths.size()) policy_.paths.push_back(path);
    for (std::size_t i = 0; i < policy_.values.size(); ++i) {
      const ir::Value& value = policy_.values[i];
      if (value.kind == ir::ValueKind::Path && value.path_id == path_id) {
        return static_cast<ir::ValueId>(i);
      }
    }
    policy_.values.push_back({.kind = ir::ValueKind::Path, .path_id = path_id});
    return static_cast<ir::ValueId>(policy_.values.size() - 1);
  }

  ir::FormulaId AddTest(ir::ValueId value_id, Predicate predicate, ir::Constant operand) {
    policy_.tests.push_back({.value_id = value_id,
                             .predicate = predicate,
                             .operand = std::move(operand),
                             .when_absent = std::nullopt,
                             .span = policy_.default_span});
    ir::Formula formula{.kind = ir::FormulaKind::Test,
                        .constant = Truth::True,
                        .test_id = static_cast<ir::TestId>(policy_.tests.size() - 1),
                        .operands = {},
                        .span = policy_.default_span};
    return AddFormula(std::move(formula));
  }

  ir::FormulaId AddFormula(ir::Formula formula) {
    policy_.formulas.push_back(std::move(formula));
    return static_cast<ir::FormulaId>(policy_.formulas.size() - 1);
  }

  ir::RuleId AddRule(ir::Rule rule) {
    policy_.rules.push_back(std::move(rule));
    return static_cast<ir::RuleId>(policy_.rules.size() - 1);
  }

  ir::Policy& policy_;
};

}  // namespace

void AddPins(ir::Policy& policy, const catalog::ToolLock& lock) {
  std::vector<ir::Pin> pins;
  for (const catalog::LockedServer& server : lock.servers) {
    for (const catalog::LockedTool& tool : server.tools) pins.push_back(PinOf(server.name, tool));
  }
  std::ranges::sort(pins, {}, [](const ir::Pin& pin) { return std::tie(pin.tool, pin.server); });
  policy.lock = std::move(pins);
}

void AddLockRules(ir::Policy& policy) {
  CHECK(policy.lock.has_value());
  LockRules(policy).Add();
}

}  // namespace policy
