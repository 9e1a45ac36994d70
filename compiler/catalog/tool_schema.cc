#include "compiler/catalog/tool_schema.h"

#include <algorithm>
#include <bit>
#include <charconv>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/limits.h"
#include "policy/check.h"

namespace policy::catalog {

namespace {

const json::Value* FindMember(const json::Value& record, std::string_view key) {
  const auto found = std::ranges::find(record.members, key, &json::Member::key);
  return found == record.members.end() ? nullptr : &found->value;
}

const json::Value* FindOf(const json::Value& record, std::string_view key, json::Kind kind) {
  const json::Value* value = FindMember(record, key);
  return value != nullptr && value->kind == kind ? value : nullptr;
}

bool IsFalse(const json::Value& schema) {
  if (schema.kind == json::Kind::Bool) return !schema.boolean;
  // `{"not": {}}`, as some writers of schemas spell false.
  const json::Value* negated = schema.members.size() == 1 ? FindMember(schema, "not") : nullptr;
  return negated != nullptr && ((negated->kind == json::Kind::Record && negated->members.empty()) ||
                                (negated->kind == json::Kind::Bool && negated->boolean));
}

bool IsSpecified(const json::Value* schema) {
  return schema != nullptr &&
         (schema->kind == json::Kind::Record || schema->kind == json::Kind::Bool);
}

PathFacts Anything() { return {}; }

PathFacts NeverAt(std::size_t step) {
  PathFacts facts;
  facts.standing = Standing::Never;
  facts.kinds = 0;
  facts.stopped_at = static_cast<std::uint32_t>(step);
  return facts;
}

// Of two bounds the tighter, and in JoinBound the looser one.
void MeetBound(std::optional<Decimal>& bound, bool& excludes, const std::optional<Decimal>& other,
               bool other_excludes, std::strong_ordering tighter) {
  if (!other) return;
  const auto order = bound ? Compare(*other, *bound) : tighter;
  if (order == tighter) {
    bound = other;
    excludes = other_excludes;
  } else if (order == std::strong_ordering::equal) {
    excludes = excludes || other_excludes;
  }
}

void JoinBound(std::optional<Decimal>& bound, bool& excludes, const std::optional<Decimal>& other,
               bool other_excludes, std::strong_ordering looser) {
  if (!bound || !other) {
    bound = std::nullopt;
    return;
  }
  const auto order = Compare(*other, *bound);
  if (order == looser) {
    bound = other;
    excludes = other_excludes;
  } else if (order == std::strong_ordering::equal) {
    excludes = excludes && other_excludes;
  }
}

bool Contains(const std::vector<const json::Value*>& values, const json::Value& value) {
  return std::ranges::any_of(values, [&](const json::Value* v) { return IsSameJson(*v, value); });
}

// Both hold.
PathFacts Meet(PathFacts a, const PathFacts& b) {
  // A record that one part of a schema closes and another extends: what is meant is the union.
  if (a.standing == Standing::Never || b.standing == Standing::Never) {
    const PathFacts& never = a.standing == Standing::Never ? a : b;
    const PathFacts& other = a.standing == Standing::Never ? b : a;
    return other.standing == Standing::Named ? other : never;
  }
  if (b.standing == Standing::Unnamed && a.standing != Standing::Named) a.stopped_at = b.stopped_at;
  if (a.standing == Standing::Unnamed || b.standing == Standing::Unnamed) {
    const bool is_named = a.standing == Standing::Named || b.standing == Standing::Named;
    a.standing = is_named ? Standing::Named : Standing::Unnamed;
  } else {
    a.standing = std::max(a.standing, b.standing);
  }
  a.kinds &= b.kinds;
  a.is_integer = a.is_integer || b.is_integer;
  a.absent_steps &= b.absent_steps;
  if (!a.values) {
    a.values = b.values;
  } else if (b.values) {
    std::erase_if(*a.values, [&](const json::Value* v) { return !Contains(*b.values, *v); });
  }
  if (a.declared_default == nullptr) {
    a.declared_default = b.declared_default;
  } else if (b.declared_default != nullptr &&
             !IsSameJson(*a.declared_default, *b.declared_default)) {
    a.declared_default = nullptr;
  }
  MeetBound(a.minimum, a.excludes_minimum, b.minimum, b.excludes_minimum,
            std::strong_ordering::greater);
  MeetBound(a.maximum, a.excludes_maximum, b.maximum, b.excludes_maximum,
            std::strong_ordering::less);
  if (a.format.empty()) a.format = b.format;
  return a;
}

// One of the two holds.
PathFacts Join(PathFacts a, const PathFacts& b) {
  const std::uint32_t absent_steps = a.absent_steps | b.absent_steps;
  // A branch that says nothing of the path says nothing against it either.
  if (a.standing == Standing::Never || b.standing == Standing::Never) {
    PathFacts other = a.standing == Standing::Never ? b : a;
    const PathFacts& never = a.standing == Standing::Never ? a : b;
    if (other.standing == Standing::Never) return other;
    other.absent_steps = absent_steps | (1u << never.stopped_at);
    return other;
  }
  a.standing = std::max(a.standing, b.standing);
  a.stopped_at = std::max(a.stopped_at, b.stopped_at);
  // Bounds of numbers and lists of values speak of the branch in which such a value stands.
  const bool a_has_numbers = (a.kinds & KindBit(json::Kind::Number)) != 0;
  const bool b_has_numbers = (b.kinds & KindBit(json::Kind::Number)) != 0;
  if (!a_has_numbers) {
    a.minimum = b.minimum;
    a.maximum = b.maximum;
    a.excludes_minimum = b.excludes_minimum;
    a.excludes_maximum = b.excludes_maximum;
    a.is_integer = b.is_integer;
  } else if (b_has_numbers) {
    JoinBound(a.minimum, a.excludes_minimum, b.minimum, b.excludes_minimum,
              std::strong_ordering::less);
    JoinBound(a.maximum, a.excludes_maximum, b.maximum, b.excludes_maximum,
              std::strong_ordering::greater);
    a.is_integer = a.is_integer && b.is_integer;
  }
  if (a.values && b.values) {
    for (const json::Value* value : *b.values) {
      if (!Contains(*a.values, *value)) a.values->push_back(value);
    }
  } else {
    a.values = std::nullopt;
  }
  a.kinds |= b.kinds;
  a.absent_steps = absent_steps;
  if (a.declared_default == nullptr || b.declared_default == nullptr ||
      !IsSameJson(*a.declared_default, *b.declared_default)) {
    a.declared_default = nullptr;
  }
  if (a.format != b.format) a.format = {};
  return a;
}

KindSet KindsOfWord(std::string_view word, bool& is_integer) {
  if (word == "integer") is_integer = true;
  if (word == "number" || word == "integer") return KindBit(json::Kind::Number);
  if (word == "string") return KindBit(json::Kind::String);
  if (word == "boolean") return KindBit(json::Kind::Bool);
  if (word == "array") return KindBit(json::Kind::List);
  if (word == "object") return KindBit(json::Kind::Record);
  if (word == "null") return KindBit(json::Kind::Null);
  return kAllKinds;  // a type of another dialect
}

// `type`, and `nullable` beside it.
void MeetType(const json::Value& schema, PathFacts& facts) {
  const json::Value* type = FindMember(schema, "type");
  if (type == nullptr) return;
  KindSet kinds = 0;
  bool has_integer = false;
  bool has_number = false;
  const auto add = [&](const json::Value& word) {
    bool is_integer = false;
    const KindSet these =
        word.kind == json::Kind::String ? KindsOfWord(word.text, is_integer) : kAllKinds;
    has_integer = has_integer || is_integer;
    has_number = has_number || (!is_integer && (these & KindBit(json::Kind::Number)) != 0);
    kinds |= these;
  };
  if (type->kind == json::Kind::List) {
    std::ranges::for_each(type->items, add);
    if (type->items.empty()) kinds = kAllKinds;
  } else {
    add(*type);
  }
  const json::Value* nullable = FindOf(schema, "nullable", json::Kind::Bool);
  if (nullable != nullptr && nullable->boolean) kinds |= KindBit(json::Kind::Null);
  facts.kinds &= kinds;
  facts.is_integer = has_integer && !has_number;
}

std::optional<Decimal> NumberAt(const json::Value& schema, std::string_view key) {
  const json::Value* number = FindOf(schema, key, json::Kind::Number);
  return number != nullptr ? ParseDecimal(number->text) : std::nullopt;
}

void MeetNumbers(const json::Value& schema, PathFacts& facts) {
  facts.minimum = NumberAt(schema, "minimum");
  facts.maximum = NumberAt(schema, "maximum");
  // Draft 4 and OpenAPI 3.0 say `exclusiveMinimum: true` beside `minimum`.
  const auto is_true = [&](std::string_view key) {
    const json::Value* flag = FindOf(schema, key, json::Kind::Bool);
    return flag != nullptr && flag->boolean;
  };
  facts.excludes_minimum = is_true("exclusiveMinimum");
  facts.excludes_maximum = is_true("exclusiveMaximum");
  MeetBound(facts.minimum, facts.excludes_minimum, NumberAt(schema, "exclusiveMinimum"), true,
            std::strong_ordering::greater);
  MeetBound(facts.maximum, facts.excludes_maximum, NumberAt(schema, "exclusiveMaximum"), true,
            std::strong_ordering::less);
}

void MeetValues(const json::Value& schema, PathFacts& facts) {
  const json::Value* listed = FindOf(schema, "enum", json::Kind::List);
  const json::Value* constant = FindMember(schema, "const");
  if (listed != nullptr) {
    facts.values.emplace();
    for (const json::Value& value : listed->items) facts.values->push_back(&value);
  }
  if (constant != nullptr) facts.values = std::vector<const json::Value*>{constant};
  if (!facts.values) return;
  KindSet kinds = 0;
  for (const json::Value* value : *facts.values) kinds |= KindBit(value->kind);
  const json::Value* nullable = FindOf(schema, "nullable", json::Kind::Bool);
  if (nullable != nullptr && nullable->boolean) kinds |= KindBit(json::Kind::Null);
  facts.kinds &= kinds;
}

// What one schema says by itself of the values it takes.
PathFacts FactsOf(const json::Value& schema) {
  PathFacts facts;
  facts.standing = Standing::Named;
  MeetType(schema, facts);
  MeetNumbers(schema, facts);
  MeetValues(schema, facts);
  facts.declared_default = FindMember(schema, "default");
  if (const json::Value* format = FindOf(schema, "format", json::Kind::String)) {
    facts.format = format->text;
  }
  return facts;
}

std::string UnescapedToken(std::string_view token) {
  std::string text;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == '~' && i + 1 < token.size() && (token[i + 1] == '0' || token[i + 1] == '1')) {
      text += token[++i] == '0' ? '~' : '/';
    } else {
      text += token[i];
    }
  }
  return text;
}

class Question {
 public:
  explicit Question(const json::Value& root) : root_(root) {}

  // `step` is the number of the next one; `steps` are all.
  PathFacts At(const json::Value& schema, std::span<const SchemaStep> steps, std::size_t step,
               std::size_t depth) {
    if (depth > kSchemaDepthMax || ++visits_ > kSchemaVisitsMax) return Anything();
    if (IsFalse(schema)) return NeverAt(step == 0 ? 0 : step - 1);
    if (schema.kind != json::Kind::Record) return Anything();
    const bool is_end = step == steps.size();
    PathFacts facts = is_end ? FactsOf(schema) : Below(schema, steps, step, depth);
    if (const json::Value* target = Target(schema)) {
      facts = Meet(std::move(facts), At(*target, steps, step, depth + 1));
    }
    if (const json::Value* all = FindOf(schema, "allOf", json::Kind::List)) {
      for (const json::Value& part : all->items) {
        facts = Meet(std::move(facts), At(part, steps, step, depth + 1));
      }
    }
    for (const std::string_view key : {"anyOf", "oneOf"}) {
      const json::Value* any = FindOf(schema, key, json::Kind::List);
      if (any == nullptr || any->items.empty()) continue;
      PathFacts joined = At(any->items[0], steps, step, depth + 1);
      for (std::size_t i = 1; i < any->items.size(); ++i) {
        joined = Join(std::move(joined), At(any->items[i], steps, step, depth + 1));
      }
      facts = Meet(std::move(facts), joined);
    }
    // Members that only a condition names.
    if (!is_end) facts = LetBranchesName(schema, std::move(facts), steps, step, depth);
    return facts;
  }

  void Names(const json::Value& schema, std::vector<std::string_view>& names, std::size_t depth) {
    if (depth > kSchemaDepthMax || ++visits_ > kSchemaVisitsMax) return;
    if (schema.kind != json::Kind::Record) return;
    if (const json::Value* properties = FindOf(schema, "properties", json::Kind::Record)) {
      for (const json::Member& member : properties->members) {
        if (!IsFalse(member.value)) names.push_back(member.key);
      }
    }
    if (const json::Value* target = Target(schema)) Names(*target, names, depth + 1);
    for (const std::string_view key : {"allOf", "anyOf", "oneOf"}) {
      const json::Value* parts = FindOf(schema, key, json::Kind::List);
      if (parts == nullptr) continue;
      for (const json::Value& part : parts->items) Names(part, names, depth + 1);
    }
    for (const std::string_view key : {"if", "then", "else"}) {
      if (const json::Value* part = FindMember(schema, key)) Names(*part, names, depth + 1);
    }
    if (const json::Value* parts = FindOf(schema, "dependentSchemas", json::Kind::Record)) {
      for (const json::Member& part : parts->members) Names(part.value, names, depth + 1);
    }
  }

  // Every schema that `steps` may lead to.
  void Follow(const json::Value& schema, std::span<const SchemaStep> steps,
              std::vector<const json::Value*>& found, std::size_t depth) {
    if (depth > kSchemaDepthMax || ++visits_ > kSchemaVisitsMax) return;
    if (schema.kind != json::Kind::Record) return;
    if (steps.empty()) {
      found.push_back(&schema);
      return;
    }
    for (const json::Value* next : Next(schema, steps[0])) {
      Follow(*next, steps.subspan(1), found, depth + 1);
    }
    if (const json::Value* target = Target(schema)) Follow(*target, steps, found, depth + 1);
    for (const std::string_view key : {"allOf", "anyOf", "oneOf"}) {
      const json::Value* parts = FindOf(schema, key, json::Kind::List);
      if (parts == nullptr) continue;
      for (const json::Value& part : parts->items) Follow(part, steps, found, depth + 1);
    }
  }

  // What a `$ref` within the schema leads to; null where there is none, or it leads elsewhere.
  const json::Value* Target(const json::Value& schema) const {
    const json::Value* reference = FindOf(schema, "$ref", json::Kind::String);
    if (reference == nullptr) return nullptr;
    std::string_view rest = reference->text;
    if (rest == "#") return &root_;
    if (!rest.starts_with("#/") || rest.contains('%')) return nullptr;
    rest.remove_prefix(2);
    const json::Value* at = &root_;
    for (bool is_last = false; !is_last && at != nullptr;) {
      const std::size_t end = rest.find('/');
      is_last = end == std::string_view::npos;
      at = Step(*at, UnescapedToken(rest.substr(0, end)));
      if (!is_last) rest.remove_prefix(end + 1);
    }
    return at;
  }

 private:
  static const json::Value* Step(const json::Value& value, const std::string& token) {
    if (value.kind == json::Kind::Record) return FindMember(value, token);
    if (value.kind != json::Kind::List) return nullptr;
    std::size_t index = 0;
    const char* end = token.data() + token.size();
    const auto [stop, error] = std::from_chars(token.data(), end, index);
    const bool is_index = error == std::errc() && stop == end && index < value.items.size();
    return is_index ? &value.items[index] : nullptr;
  }

  // The schemas of this record, this list, for one step: by name or by place.
  static std::vector<const json::Value*> Next(const json::Value& schema, const SchemaStep& step) {
    std::vector<const json::Value*> next;
    if (step.kind == SchemaStep::Kind::Member) {
      const json::Value* properties = FindOf(schema, "properties", json::Kind::Record);
      const json::Value* named =
          properties != nullptr ? FindMember(*properties, step.name) : nullptr;
      if (named == nullptr) named = FindMember(schema, "additionalProperties");
      if (IsSpecified(named)) next.push_back(named);
      return next;
    }
    const json::Value* prefix = FindOf(schema, "prefixItems", json::Kind::List);
    const std::size_t prefix_size = prefix != nullptr ? prefix->items.size() : 0;
    const bool is_any = step.kind == SchemaStep::Kind::AnyElement;
    if (!is_any && step.index < prefix_size) return {&prefix->items[step.index]};
    for (std::size_t i = 0; is_any && i < prefix_size; ++i) next.push_back(&prefix->items[i]);
    const json::Value* items = FindMember(schema, "items");
    if (IsSpecified(items)) next.push_back(items);
    return next;
  }

  static bool IsRequired(const json::Value& schema, std::string_view name) {
    const json::Value* required = FindOf(schema, "required", json::Kind::List);
    return required != nullptr &&
           std::ranges::any_of(required->items, [&](const json::Value& item) {
             return item.kind == json::Kind::String && item.text == name;
           });
  }

  // What one schema says by itself of what is below the values it takes.
  PathFacts Below(const json::Value& schema, std::span<const SchemaStep> steps, std::size_t step,
                  std::size_t depth) {
    const PathFacts here = FactsOf(schema);
    const bool is_member = steps[step].kind == SchemaStep::Kind::Member;
    const auto container = is_member ? json::Kind::Record : json::Kind::List;
    if ((here.kinds & KindBit(container)) == 0) return NeverAt(step);
    return is_member ? BelowRecord(schema, steps, step, depth)
                     : BelowList(schema, steps, step, depth);
  }

  PathFacts BelowRecord(const json::Value& schema, std::span<const SchemaStep> steps,
                        std::size_t step, std::size_t depth) {
    const std::string_view name = steps[step].name;
    const json::Value* properties = FindOf(schema, "properties", json::Kind::Record);
    const json::Value* named = properties != nullptr ? FindMember(*properties, name) : nullptr;
    const json::Value* additional = FindMember(schema, "additionalProperties");
    PathFacts facts;
    if (named != nullptr) {
      facts = At(*named, steps, step + 1, depth + 1);
      if (facts.standing == Standing::Open) facts.standing = Standing::Named;
    } else if (FindMember(schema, "patternProperties") != nullptr) {
      facts = Anything();
    } else if (IsSpecified(additional)) {
      if (IsFalse(*additional)) return NeverAt(step);
      facts = At(*additional, steps, step + 1, depth + 1);
      if (facts.standing == Standing::Named) facts.standing = Standing::Open;
    } else if (properties != nullptr && !properties->members.empty()) {
      facts.standing = Standing::Unnamed;
      facts.stopped_at = static_cast<std::uint32_t>(step);
    }
    if (!IsRequired(schema, name)) facts.absent_steps |= 1u << step;
    return facts;
  }

  PathFacts BelowList(const json::Value& schema, std::span<const SchemaStep> steps,
                      std::size_t step, std::size_t depth) {
    const std::vector<const json::Value*> next = Next(schema, steps[step]);
    if (next.empty()) return Anything();
    PathFacts facts = At(*next[0], steps, step + 1, depth + 1);
    for (std::size_t i = 1; i < next.size(); ++i) {
      facts = Join(std::move(facts), At(*next[i], steps, step + 1, depth + 1));
    }
    return facts;
  }

  // `if`, `then`, `else` and `dependentSchemas` restrict only sometimes: they can name a member,
  // and then nothing more is known of it.
  PathFacts LetBranchesName(const json::Value& schema, PathFacts facts,
                            std::span<const SchemaStep> steps, std::size_t step,
                            std::size_t depth) {
    if (facts.standing != Standing::Never && facts.standing != Standing::Unnamed) return facts;
    std::vector<const json::Value*> parts;
    for (const std::string_view key : {"if", "then", "else"}) {
      if (const json::Value* part = FindMember(schema, key)) parts.push_back(part);
    }
    if (const json::Value* dependent = FindOf(schema, "dependentSchemas", json::Kind::Record)) {
      for (const json::Member& part : dependent->members) parts.push_back(&part.value);
    }
    for (const json::Value* part : parts) {
      if (At(*part, steps, step, depth + 1).standing != Standing::Named) continue;
      PathFacts open = Anything();
      open.absent_steps = 1u << step;
      return open;
    }
    return facts;
  }

  const json::Value& root_;
  std::size_t visits_ = 0;
};

}  // namespace

std::string TextOf(KindSet kinds) {
  if (kinds == kAllKinds) return "anything";
  std::vector<std::string_view> names;
  for (const json::Kind kind : {json::Kind::Bool, json::Kind::Number, json::Kind::String,
                                json::Kind::List, json::Kind::Record, json::Kind::Null}) {
    if ((kinds & KindBit(kind)) != 0) names.push_back(json::NameOf(kind));
  }
  if (names.empty()) return "nothing";
  std::string text(names[0]);
  for (std::size_t i = 1; i < names.size(); ++i) {
    text += i + 1 == names.size() ? " or " : ", ";
    text += names[i];
  }
  return text;
}

bool IsSameJson(const json::Value& a, const json::Value& b) {
  if (a.kind != b.kind) return false;
  switch (a.kind) {
    case json::Kind::Null:
      return true;
    case json::Kind::Bool:
      return a.boolean == b.boolean;
    case json::Kind::String:
      return a.text == b.text;
    case json::Kind::Number:
    case json::Kind::List:
    case json::Kind::Record:
      return CanonicalJson(a) == CanonicalJson(b);
  }
  return false;
}

PathFacts ToolSchema::At(std::span<const SchemaStep> steps) const {
  CHECK(steps.size() <= 31);
  return Question(root_).At(root_, steps, 0, 0);
}

std::vector<std::string_view> ToolSchema::NamesAt(std::span<const SchemaStep> steps) const {
  Question question(root_);
  std::vector<const json::Value*> schemas;
  question.Follow(root_, steps, schemas, 0);
  std::vector<std::string_view> names;
  for (const json::Value* schema : schemas) question.Names(*schema, names, 0);
  std::ranges::sort(names);
  const auto repeated = std::ranges::unique(names);
  names.erase(repeated.begin(), repeated.end());
  return names;
}

bool ToolSchema::OpensArguments() const {
  const Question question(root_);
  const json::Value* schema = &root_;
  for (std::size_t depth = 0; schema != nullptr && depth < kSchemaDepthMax; ++depth) {
    const json::Value* additional = FindMember(*schema, "additionalProperties");
    if (additional != nullptr) return IsSpecified(additional) && !IsFalse(*additional);
    schema = question.Target(*schema);
  }
  return false;
}

}  // namespace policy::catalog
