#include "compiler/catalog/tool_schema.h"

#include <fmt/format.h>

#include <catch2/catch.hpp>
#include <charconv>
#include <string>
#include <vector>

#include "compiler/catalog/canonical_json.h"
#include "compiler/catalog/limits.h"

namespace policy::catalog {
namespace {

json::Value Parsed(const std::string& text) {
  const Source source("schema.json", text);
  Diagnostics diagnostics;
  auto value = json::Parse(source, diagnostics, kLockDepthMax);
  REQUIRE(value.has_value());
  return *std::move(value);
}

// "a.0.*.b": numbers are elements, `*` is any element.
std::vector<SchemaStep> StepsOf(std::string_view path) {
  std::vector<SchemaStep> steps;
  while (!path.empty()) {
    const std::size_t end = std::min(path.find('.'), path.size());
    const std::string_view word = path.substr(0, end);
    path.remove_prefix(std::min(end + 1, path.size()));
    std::uint32_t index = 0;
    const bool is_number =
        std::from_chars(word.data(), word.data() + word.size(), index).ptr == word.data() + end;
    if (word == "*") {
      steps.push_back({.kind = SchemaStep::Kind::AnyElement});
    } else if (is_number) {
      steps.push_back({.kind = SchemaStep::Kind::Element, .index = index});
    } else {
      steps.push_back({.kind = SchemaStep::Kind::Member, .name = word});
    }
  }
  return steps;
}

// All that is known of a path, in one line.
std::string Described(const std::string& schema, std::string_view path) {
  const json::Value root = Parsed(schema);
  const PathFacts facts = ToolSchema(root).At(StepsOf(path));
  constexpr std::string_view kStandings[] = {"never", "unnamed", "open", "named"};
  std::string text(kStandings[static_cast<std::size_t>(facts.standing)]);
  if (facts.standing == Standing::Never) return text;
  text += facts.may_be_absent() ? " optional " : " ";
  text += TextOf(facts.kinds);
  if (facts.is_integer) text += " whole";
  if (facts.values) {
    text += " of";
    for (const json::Value* value : *facts.values) text += " " + CanonicalJson(*value);
  }
  if (facts.minimum) {
    text += fmt::format(" {} {}", facts.excludes_minimum ? ">" : ">=", ToText(*facts.minimum));
  }
  if (facts.maximum) {
    text += fmt::format(" {} {}", facts.excludes_maximum ? "<" : "<=", ToText(*facts.maximum));
  }
  if (facts.declared_default != nullptr) text += " = " + CanonicalJson(*facts.declared_default);
  if (!facts.format.empty()) text += " as " + std::string(facts.format);
  return text;
}

TEST_CASE("what a schema says of a path") {
  struct {
    const char* schema;
    const char* path;
    const char* said;
  } const kCases[] = {
      // types
      {R"({"properties":{"a":{"type":"string"}},"required":["a"]})", "a", "named a string"},
      {R"({"properties":{"a":{"type":"string"}}})", "a", "named optional a string"},
      {R"({"properties":{"a":{"type":["string","null"]}}})", "a",
       "named optional a string or null"},
      {R"({"properties":{"a":{"type":"string","nullable":true}}})", "a",
       "named optional a string or null"},
      {R"({"properties":{"a":{"type":"integer"}}})", "a", "named optional a number whole"},
      {R"({"properties":{"a":{"type":["integer","number"]}}})", "a", "named optional a number"},
      {R"({"properties":{"a":{"type":"any"}}})", "a", "named optional anything"},
      {R"({"properties":{"a":true}})", "a", "named optional anything"},
      {R"({"properties":{"a":false}})", "a", "never"},
      {R"({"properties":{"a":{}}})", "a", "named optional anything"},
      // not named
      {R"({"properties":{"a":{}}})", "b", "unnamed optional anything"},
      {R"({"properties":{"a":{}},"additionalProperties":false})", "b", "never"},
      {R"({"properties":{"a":{}},"additionalProperties":{"not":{}}})", "b", "never"},
      {R"({"properties":{"a":{}},"additionalProperties":true})", "b", "open optional anything"},
      {R"({"properties":{"a":{}},"additionalProperties":{"type":"string"}})", "b",
       "open optional a string"},
      {R"({"properties":{"a":{}},"patternProperties":{"^x":{}},"additionalProperties":false})",
       "xb", "open optional anything"},
      {R"({})", "b", "open optional anything"},
      {R"({"type":"object"})", "b", "open optional anything"},
      // below
      {R"({"properties":{"a":{"type":"string"}}})", "a.b", "never"},
      {R"({"properties":{"a":{"type":"object","properties":{"b":{"type":"boolean"}},
          "required":["b"]}},"required":["a"]})",
       "a.b", "named a boolean"},
      {R"({"properties":{"a":{"type":"object","properties":{"b":{"type":"boolean"}},
          "required":["b"]}}})",
       "a.b", "named optional a boolean"},
      {R"({"properties":{"a":{"properties":{"b":{}}}},"required":["a"]})", "a.c",
       "unnamed optional anything"},
      {R"({"properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"]})", "a.3",
       "named a string"},
      {R"({"properties":{"a":{"type":"array","items":{"type":"string"}}},"required":["a"]})", "a.b",
       "never"},
      {R"({"properties":{"a":{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}}})",
       "a.0", "named optional a string"},
      {R"({"properties":{"a":{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}}})",
       "a.1", "named optional a number"},
      {R"({"properties":{"a":{"prefixItems":[{"type":"string"}],"items":{"type":"number"}}}})",
       "a.*", "named optional a number or a string"},
      {R"({"properties":{"a":{"prefixItems":[{"type":"string"}],"items":false}}})", "a.1", "never"},
      {R"({"properties":{"a":{"items":{"properties":{"k":{"enum":["x"]}},"required":["k"]}}},
          "required":["a"]})",
       "a.*.k", R"(named a string of "x")"},
      // values
      {R"({"properties":{"a":{"enum":["x","y",1]}}})", "a",
       R"(named optional a number or a string of "x" "y" 1)"},
      {R"({"properties":{"a":{"type":"string","const":"x","default":"x"}}})", "a",
       R"(named optional a string of "x" = "x")"},
      {R"({"properties":{"a":{"type":"string","format":"uri"}}})", "a",
       "named optional a string as uri"},
      {R"({"properties":{"a":{"type":"number","minimum":0,"exclusiveMaximum":10.0}}})", "a",
       "named optional a number >= 0 < 10"},
      {R"({"properties":{"a":{"type":"number","minimum":0,"exclusiveMinimum":true}}})", "a",
       "named optional a number > 0"},
      {R"({"properties":{"a":{"type":"number","minimum":1,"exclusiveMinimum":1}}})", "a",
       "named optional a number > 1"},
      // joined
      {R"({"properties":{"a":{"anyOf":[{"type":"string"},{"type":"null"}]}}})", "a",
       "named optional a string or null"},
      {R"({"properties":{"a":{"anyOf":[{"type":"integer","minimum":1},{"type":"null"}],
          "default":null}}})",
       "a", "named optional a number or null whole >= 1 = null"},
      {R"({"properties":{"a":{"oneOf":[{"minimum":1,"maximum":5},{"minimum":3}]}}})", "a",
       "named optional anything >= 1"},
      {R"({"properties":{"a":{"oneOf":[{"const":"x"},{"const":"y"}]}}})", "a",
       R"(named optional a string of "x" "y")"},
      {R"({"properties":{"a":{"oneOf":[{"const":"x"},{"type":"string"}]}}})", "a",
       "named optional a string"},
      {R"({"properties":{"a":{"allOf":[{"type":["string","number"]},{"minimum":1},
          {"type":"number","minimum":3,"maximum":9}]}}})",
       "a", "named optional a number >= 3 <= 9"},
      {R"({"properties":{"a":{"enum":["x","y"],"allOf":[{"enum":["y","z"]}]}}})", "a",
       R"(named optional a string of "y")"},
      {R"({"allOf":[{"properties":{"a":{}},"additionalProperties":false},
          {"properties":{"b":{"type":"string"}}}]})",
       "b", "named optional a string"},
      {R"({"properties":{"a":{},"b":{}},"anyOf":[{"required":["a"]},{"required":["b"]}]})", "a",
       "named optional anything"},
      {R"({"properties":{"a":{},"b":{}},"allOf":[{"required":["a"]},{"required":["b"]}]})", "a",
       "named anything"},
      {R"({"anyOf":[{"properties":{"a":{"type":"string"}},"required":["a"],
          "additionalProperties":false},{"properties":{"b":{}},"additionalProperties":false}]})",
       "a", "named optional a string"},
      {R"({"anyOf":[{"properties":{"a":{}},"additionalProperties":false},
          {"properties":{"b":{}},"additionalProperties":false}]})",
       "c", "never"},
      // conditions restrict nothing, and may name
      {R"({"properties":{"a":{"type":"string","not":{"const":"x"}}}})", "a",
       "named optional a string"},
      {R"({"properties":{"a":{}},"if":{"properties":{"a":{"const":1}}},
          "then":{"properties":{"b":{"type":"string"}}}})",
       "b", "open optional anything"},
      {R"({"properties":{"a":{}},"dependentSchemas":{"a":{"properties":{"b":{}}}}})", "b",
       "open optional anything"},
      // references
      {R"({"properties":{"a":{"$ref":"#/$defs/t"}},"$defs":{"t":{"type":"string"}}})", "a",
       "named optional a string"},
      {R"({"properties":{"a":{"$ref":"#/$defs/t~1x"}},"$defs":{"t/x":{"type":"string"}}})", "a",
       "named optional a string"},
      {R"({"properties":{"a":{"$ref":"#/properties/b"},"b":{"type":"number"}}})", "a",
       "named optional a number"},
      {R"({"properties":{"a":{"$ref":"#/oneOf/0"}},"oneOf":[{"type":"object"}]})", "a",
       "named optional an object"},
      {R"({"properties":{"a":{"$ref":"#/$defs/gone"}}})", "a", "named optional anything"},
      {R"({"properties":{"a":{"$ref":"https://example.com/t.json"}}})", "a",
       "named optional anything"},
      {R"({"properties":{"a":{"$ref":"#/properties/a"}}})", "a", "named optional anything"},
      {R"({"properties":{"a":{"$ref":"#"}}})", "a.a.a", "named optional anything"},
      {R"({"$ref":"#/$defs/t","$defs":{"t":{"properties":{"a":{"type":"string"}},
          "required":["a"],"additionalProperties":false}}})",
       "a", "named a string"},
      {R"({"$ref":"#/$defs/t","$defs":{"t":{"properties":{"a":{"type":"string"}},
          "required":["a"],"additionalProperties":false}}})",
       "b", "never"},
  };
  for (const auto& [schema, path, said] : kCases) {
    INFO(schema << " at " << path);
    CHECK(Described(schema, path) == said);
  }
}

TEST_CASE("a schema that multiplies is asked a bounded number of questions") {
  std::string schema = R"({"properties":{"a":{"$ref":"#/$defs/t0"}},"$defs":{)";
  for (int i = 0; i < 30; ++i) {
    schema += fmt::format(
        R"("t{0}":{{"anyOf":[{{"$ref":"#/$defs/t{1}"}},{{"$ref":"#/$defs/t{1}"}}]}},)", i, i + 1);
  }
  schema += R"("t30":{"type":"string"}}})";
  CHECK(Described(schema, "a") == "named optional anything");
}

TEST_CASE("the names of a record, and whether it is open") {
  const json::Value root = Parsed(R"({"properties":{"b":{"properties":{"x":{}}},"a":{},"no":false},
      "allOf":[{"properties":{"c":{}}}],"if":{"properties":{"d":{}}},"$ref":"#/$defs/t",
      "$defs":{"t":{"properties":{"e":{}},"additionalProperties":true}}})");
  const ToolSchema schema(root);
  CHECK(schema.NamesAt({}) == std::vector<std::string_view>{"a", "b", "c", "d", "e"});
  CHECK(schema.NamesAt(StepsOf("b")) == std::vector<std::string_view>{"x"});
  CHECK(schema.OpensArguments());
  struct {
    const char* schema;
    bool opens;
  } const kCases[] = {{"{}", false},
                      {R"({"additionalProperties":true})", true},
                      {R"({"additionalProperties":false})", false},
                      {R"({"additionalProperties":{}})", true},
                      {R"({"additionalProperties":{"type":"string"}})", true},
                      {R"({"additionalProperties":{"not":{}}})", false},
                      {R"({"additionalProperties":"yes"})", false},
                      {R"({"patternProperties":{".*":{}}})", false},
                      {R"({"$ref":"#"})", false}};
  for (const auto& [text, opens] : kCases) {
    INFO(text);
    const json::Value value = Parsed(text);
    CHECK(ToolSchema(value).OpensArguments() == opens);
  }
}

}  // namespace
}  // namespace policy::catalog
