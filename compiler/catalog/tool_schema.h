// What a tool's JSON Schema says of the values that can stand at a path of its arguments.
//
// JSON Schema 2020-12 as servers use it, and OpenAPI's `nullable`. What is not understood restricts
// nothing: an answer may know less than the schema says, never more. A `$ref` is followed within
// the schema and nowhere else; nothing is ever fetched.
#ifndef COMPILER_CATALOG_TOOL_SCHEMA_H_
#define COMPILER_CATALOG_TOOL_SCHEMA_H_

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/json_document.h"
#include "runtime/value/decimal.h"

namespace policy::catalog {

// Kinds of JSON values, as bits.
using KindSet = std::uint8_t;
constexpr KindSet KindBit(json::Kind kind) {
  return static_cast<KindSet>(1u << static_cast<unsigned>(kind));
}
inline constexpr KindSet kAllKinds = 0x3F;
// "a string", "a string or null": for messages. "anything" of all, "nothing" of none.
std::string TextOf(KindSet kinds);

enum class Standing : std::uint8_t {
  Never,    // the schema closes the record and does not name it
  Unnamed,  // the schema names the members of the record and this is none, but does not close it
  Open,     // the schema lets anything of that name be there, or says too little
  Named,    // the schema names it
};

// A step of a path below the arguments.
struct SchemaStep {
  enum class Kind : std::uint8_t { Member, Element, AnyElement };
  Kind kind = Kind::Member;
  std::string_view name = {};  // Member
  std::uint32_t index = 0;     // Element
};

// What is known of a path. Of a path that cannot stand there only `standing` and `stopped_at`
// count.
struct PathFacts {
  Standing standing = Standing::Open;
  KindSet kinds = kAllKinds;
  bool is_integer = false;  // a number there is whole
  // The steps, as bits, at which the value may be missing: 0: it is always there.
  std::uint32_t absent_steps = 0;
  // The only values that may stand there, as `enum` and `const` list them.
  std::optional<std::vector<const json::Value*>> values = {};
  const json::Value* declared_default = nullptr;  // where there is one and only one
  std::optional<Decimal> minimum = {};            // with `excludes_minimum`: above it
  std::optional<Decimal> maximum = {};
  bool excludes_minimum = false;
  bool excludes_maximum = false;
  std::string_view format = {};
  // Never, Unnamed: the step that the schema does not name.
  std::uint32_t stopped_at = 0;

  bool may_be_absent() const { return absent_steps != 0; }
};

// Whether JSON values are equal: numbers by value where they are exact.
bool IsSameJson(const json::Value& a, const json::Value& b);

// The schema of one tool's arguments. Refers to the tool, which outlives it.
class ToolSchema {
 public:
  explicit ToolSchema(const json::Value& input_schema) : root_(input_schema) {}

  // REQUIRES: at most 31 steps.
  PathFacts At(std::span<const SchemaStep> steps) const;

  // The names that the schema gives the members of the record at `steps`; sorted, distinct.
  std::vector<std::string_view> NamesAt(std::span<const SchemaStep> steps) const;

  // Whether the schema says that top-level arguments beside those it names may be there: by
  // `additionalProperties` that is true or a schema. A schema that says nothing of them closes
  // them: servers that read strictly and servers that do not both write such schemas, and an
  // argument that nobody reviewed is not let through.
  bool OpensArguments() const;

 private:
  const json::Value& root_;
};

}  // namespace policy::catalog

#endif  // COMPILER_CATALOG_TOOL_SCHEMA_H_
