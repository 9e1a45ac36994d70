// A JSON text as a tree in which every key and value knows its place.
#ifndef GRAMMAR_JSON_DOCUMENT_H_
#define GRAMMAR_JSON_DOCUMENT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "grammar/limits.h"
#include "policy/diagnostic.h"
#include "policy/source.h"

namespace policy::json {

enum class Kind : std::uint8_t { Null, Bool, Number, String, List, Record };

struct Member;

struct Value {
  Kind kind = Kind::Null;
  Span span;                    // of a string: with its quotes
  bool boolean = false;         // Bool
  std::string text;             // String: unescaped; Number: as written
  std::vector<Value> items;     // List
  std::vector<Member> members;  // Record, in order, duplicates included
};

struct Member {
  std::string key;
  Span key_span;  // with the quotes
  Value value;
};

// "a string", "a list": for messages.
// Undoes the escapes of what stands between the quotes of a JSON string, which the grammar has
// accepted. nullopt: half a surrogate pair.
std::optional<std::string> Unescape(std::string_view text);

std::string_view NameOf(Kind kind);

// The document, or nullopt with a diagnostic that says where it is no JSON. At most
// kPolicyBytesMax long and `depth_max` deep; UTF-8 without a byte order mark; numbers and
// escapes as in RFC 8259. Duplicate keys are kept: what they mean is the caller's to say.
std::optional<Value> Parse(const Source& source, Diagnostics& diagnostics,
                           std::size_t depth_max = kPolicyDepthMax);

}  // namespace policy::json

#endif  // GRAMMAR_JSON_DOCUMENT_H_
