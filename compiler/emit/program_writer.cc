#include "compiler/emit/program_writer.h"

#include <algorithm>

#include "compiler/ir/access.h"
#include "policy/check.h"
#include "runtime/program/rule_ids.h"

namespace policy {

ProgramWriter::ProgramWriter(const ir::Policy& policy, const Source& source) : policy_(policy) {
  numbers_.assign(policy.values.size(), format::kNone);
  WriteHeader(source);
  WritePaths();
  WriteCounters();
  WriteRules(source);
}

void ProgramWriter::Exceed(std::string_view what, std::uint64_t max, Span span) {
  if (!exceeded_) exceeded_ = ExceededLimit{what, max, span};
}

format::Text ProgramWriter::TextFor(std::string_view text, Span span) {
  if (text.size() > format::kTextBytesMax) {
    Exceed("bytes in one text", format::kTextBytesMax, span);
    return {};
  }
  return encoder_.AddText(text);
}

void ProgramWriter::WriteHeader(const Source& source) {
  encoder_.header.policy_name = TextFor(policy_.name, policy_.default_span);
  encoder_.header.source_name = TextFor(source.name(), policy_.default_span);
  encoder_.header.zone = TextFor(policy_.zone, policy_.default_span);
  encoder_.header.default_allows = policy_.default_allows ? 1 : 0;
}

void ProgramWriter::WritePaths() {
  for (const ir::Path& path : policy_.paths) {
    std::uint32_t node = Encoder::RootNode(path.root);
    if (path.steps.size() > format::kPathDepthMax) {
      Exceed("steps in one path", format::kPathDepthMax, policy_.default_span);
      nodes_.push_back(node);
      continue;
    }
    for (const ir::Step& step : path.steps) {
      const auto* const member = std::get_if<std::string>(&step);
      if (member != nullptr) TextFor(*member, policy_.default_span);
      node = member != nullptr ? encoder_.AddMember(node, *member)
                               : encoder_.AddElement(node, std::get<std::uint32_t>(step));
    }
    nodes_.push_back(node);
  }
}

std::uint32_t ProgramWriter::Slot(std::uint32_t node) {
  const std::uint32_t slot = encoder_.AddSlot(node);
  if (encoder_.slot_count() + encoder_.derived_count() > format::kSlotsMax) {
    Exceed("arguments and other paths in its conditions", format::kSlotsMax, policy_.default_span);
  }
  return slot;
}

std::uint32_t ProgramWriter::SlotFor(ir::PathId id) { return Slot(nodes_[ir::IndexOf(id)]); }

std::uint32_t ProgramWriter::ServerSlot() {
  return Slot(encoder_.AddMember(Encoder::RootNode(format::Root::Tool), "server"));
}

std::uint32_t ProgramWriter::ConstantFor(ir::TestId id) {
  if (const auto found = operand_ids_.find(id); found != operand_ids_.end()) return found->second;
  const std::uint32_t constant = ConstantFor(ir::TestOf(policy_, id).operand);
  operand_ids_.emplace(id, constant);
  return constant;
}

std::uint32_t ProgramWriter::ConstantFor(const ir::Constant& constant) {
  struct Adder {
    ProgramWriter& writer;
    Encoder& encoder;

    std::string_view Checked(const std::string& text) {
      writer.TextFor(text, writer.policy_.default_span);
      return text;
    }
    std::uint32_t operator()(std::monostate) { return encoder.AddNone(); }
    std::uint32_t operator()(const std::string& text) { return encoder.AddString(Checked(text)); }
    std::uint32_t operator()(Decimal number) { return encoder.AddNumber(number); }
    std::uint32_t operator()(bool value) { return encoder.AddBool(value); }
    std::uint32_t operator()(ir::TimePoint time) { return encoder.AddTime(time.nanoseconds); }
    std::uint32_t operator()(ir::Duration span) { return encoder.AddDuration(span.nanoseconds); }
    std::uint32_t operator()(const ir::RegexText& regex) {
      const std::uint32_t id = encoder.AddRegex(Checked(regex.text));
      writer.regex_ids_.insert(id);
      if (writer.regex_ids_.size() > format::kRegexesMax) {
        writer.Exceed("regular expressions", format::kRegexesMax, writer.policy_.default_span);
      }
      return id;
    }
    std::uint32_t operator()(const std::vector<std::string>& set) {
      CHECK(!set.empty() && std::ranges::is_sorted(set));
      for (const std::string& text : set) Checked(text);
      return encoder.AddStringSet(set);
    }
    std::uint32_t operator()(const std::vector<Decimal>& set) {
      CHECK(!set.empty());
      return encoder.AddNumberSet(set);
    }
    std::uint32_t operator()(const std::vector<bool>& set) {
      return encoder.AddBoolSet(std::ranges::find(set, false) != set.end(),
                                std::ranges::find(set, true) != set.end());
    }
  };
  return std::visit(Adder{*this, encoder_}, constant);
}

std::uint32_t ProgramWriter::SlotFor(ir::ValueId id) {
  const ir::Value& value = ir::ValueOf(policy_, id);
  if (value.kind == ir::ValueKind::Path) return SlotFor(value.path_id);
  CHECK(HasNumber(id));
  return numbers_[ir::IndexOf(id)];
}

void ProgramWriter::SetNumber(ir::ValueId id, std::uint32_t number) {
  CHECK(!HasNumber(id));
  numbers_[ir::IndexOf(id)] = number;
  const bool is_over = encoder_.slot_count() + encoder_.derived_count() > format::kSlotsMax;
  if (is_over || encoder_.derived_count() > format::kDerivedMax) {
    Exceed("values made of others", format::kDerivedMax, ir::ValueOf(policy_, id).span);
  }
}

void ProgramWriter::WriteCounters() {
  for (const ir::Counter& counter : policy_.counters) {
    format::Counter record;
    record.name = TextFor(counter.name, counter.span);
    record.window = counter.window;
    record.algorithm = counter.algorithm;
    record.scale = counter.scale;
    record.window_seconds = counter.window_seconds;
    record.first_scope = static_cast<std::uint32_t>(encoder_.scopes.size());
    record.scope_count = static_cast<std::uint32_t>(counter.scopes.size());
    if (record.scope_count > format::kScopesPerCounterMax) {
      Exceed("scopes of one counter", format::kScopesPerCounterMax, counter.span);
    }
    if (record.window_seconds > format::kWindowSecondsMax) {
      Exceed("seconds in one window", format::kWindowSecondsMax, counter.span);
    }
    for (const ir::Scope& scope : counter.scopes) {
      const bool has_slot = scope.kind == format::ScopeKind::Slot;
      encoder_.scopes.push_back(
          {.kind = scope.kind, .slot = has_slot ? SlotFor(scope.path_id) : format::kNone});
    }
    encoder_.counters.push_back(record);
  }
}

void ProgramWriter::WriteRules(const Source& source) {
  if (policy_.rules.size() >= format::kRulesMax) {
    return Exceed("rules", format::kRulesMax - 1, policy_.default_span);
  }
  const Position start = source.Locate(policy_.default_span.begin);
  format::Rule first;
  first.line = start.line;
  first.column = start.column;
  first.id = encoder_.AddText(kDefaultRuleId);
  first.file = encoder_.header.source_name;
  encoder_.rules.push_back(first);
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    const ir::Rule& rule = policy_.rules[i];
    const Source& file = policy_.sources.empty() ? source : *policy_.sources[rule.span.file];
    const Position position = file.Locate(rule.span.begin);
    format::Rule record;
    record.file = TextFor(file.name(), rule.span);
    record.kind = rule.kind;
    record.line = position.line;
    record.column = position.column;
    record.order = static_cast<std::uint32_t>(i) + 1;
    record.id = TextFor(rule.id, rule.span);
    record.message = TextFor(rule.message, rule.span);
    record.approval_group = TextFor(rule.approval_group, rule.span);
    record.approval_within_seconds = rule.approval_within_seconds;
    encoder_.rules.push_back(record);
    if (rule.kind == format::RuleKind::CloseArguments) WriteArgumentNames(rule);
  }
}

void ProgramWriter::WriteLimits() {
  limit_ids_.assign(policy_.rules.size(), format::kNone);
  for (std::size_t i = 0; i < policy_.rules.size(); ++i) {
    const auto id = static_cast<ir::RuleId>(i);
    if (policy_.rules[i].kind == format::RuleKind::Limit) WriteLimit(id);
  }
}

void ProgramWriter::WriteLimit(ir::RuleId id) {
  const ir::Limit& limit = ir::RuleOf(policy_, id).limit;
  format::Limit record;
  record.rule = RuleFor(id);
  record.counter = static_cast<std::uint32_t>(limit.counter_id);
  record.max = limit.max;
  record.burst = limit.burst;
  record.cost = limit.cost;
  record.on_error = limit.on_error;
  record.on_store_error = limit.on_store_error;
  if (limit.cost != format::CostKind::One) record.cost_slot = SlotFor(limit.cost_value_id);
  limit_ids_[ir::IndexOf(id)] = static_cast<std::uint32_t>(encoder_.limits.size());
  encoder_.limits.push_back(record);
}

// Nodes without a slot: from them the reader knows which names a call may not vary by case.
void ProgramWriter::WriteArgumentNames(const ir::Rule& rule) {
  for (const std::string& name : rule.argument_names) {
    TextFor(name, rule.span);
    encoder_.AddMember(Encoder::RootNode(format::Root::Args), name);
  }
}

}  // namespace policy
