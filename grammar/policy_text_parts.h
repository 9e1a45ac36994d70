// The parts of the reader of the text form: for its own files only; others want
// policy_text_reader.h.
#ifndef GRAMMAR_POLICY_TEXT_PARTS_H_
#define GRAMMAR_POLICY_TEXT_PARTS_H_

#include <array>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "grammar/ast.h"
#include "grammar/policy_text_parser.h"
#include "grammar/text_mistake.h"
#include "grammar/text_tree.h"
#include "policy/compiler.h"

namespace policy {

// What a name names. Names of one sort are compared with each other.
enum class NameSort : std::uint8_t { Tool, Counter, Let, Rule, Test, Server, Group, Argument };
inline constexpr std::size_t kNameSorts = 8;

// The policy that is being read, over all its files.
struct PolicyTextReader {
  const Source& root;
  SourceLoader* loader;
  Diagnostics& diagnostics;
  bool reads_one_file =
      false;  // what it includes is only noted, and a file that others include will do
  ast::Policy policy = {};

  std::vector<std::uint16_t> depths = {};   // of policy.expressions
  std::vector<std::string> variables = {};  // of the quantifiers around what is being read

  std::unordered_map<std::string, std::size_t> rule_numbers = {};  // "TOOLS/KIND" -> the last N
  std::size_t rule_count = 0;
  bool has_reported_rule_count = false;

  struct Seen {
    std::string name;
    Span span;
  };
  // Names that stand once: of lets, counters, rules and tests.
  std::array<std::unordered_map<std::string, Span>, kNameSorts> declared = {};
  // Every name by what it looks like.
  std::array<std::unordered_map<std::string, Seen>, kNameSorts> skeletons = {};

  std::optional<Span> name_span = {};     // of `policy`
  std::optional<Span> default_span = {};  // of `default`
  std::set<const Source*> included = {};  // the root among them
  std::vector<const Source*> open = {};   // the file being read and those that include it
};

// One file of the policy: the reader, and what its spans belong to.
struct TextFile {
  PolicyTextReader& reader;
  TextInput input;
  std::string folder;  // of the file, relative to the root's: "" or "org/"
  std::unordered_map<const Source*, Span> includes = {};  // the first of each

  bool is_root() const { return input.file == 0; }
};

// The first node below `view` of that kind, or nullopt.
std::optional<TextView> ChildOf(TextView view, TextKind kind);

// Reads a whole file: policy_text_reader.cc.
void ReadTextFile(PolicyTextReader& reader, const Source& source, std::uint16_t file,
                  std::string folder);

// Names and strings: policy_text_names.cc.

// The text of a String or RawString, unescaped; of anything else as written.
ast::Word ReadWord(TextFile& file, TextView view);
// Likewise, of a name: not empty, and of characters that can be told apart.
ast::Word ReadName(TextFile& file, TextView view, NameSort sort);
// Reports a name that stands twice. `what` in the plural: "counters".
void Declare(TextFile& file, const ast::Word& name, NameSort sort, std::string_view what);
// Reports characters of the file that are not seen or reorder what is.
void CheckCharacters(const TextInput& input);

// Expressions: policy_text_expressions.cc.
ast::ExpressionId ReadExpression(TextFile& file, TextView view);

// Statements: policy_text_statements.cc.
void ReadToolBlock(TextFile& file, TextView view);
// Counts a rule against kPolicyRulesMax; false, once reported, when there is no room.
bool CountRule(TextFile& file, Span span);
// The clause that belongs to `on error` or `on store error`.
ast::OnError ReadOnError(TextView clause);
ast::OnStoreError ReadOnStoreError(TextView clause);

// Counters: policy_text_counters.cc.
void ReadCounter(TextFile& file, TextView view);

// Tests: policy_text_tests.cc.
void ReadTest(TextFile& file, TextView view);

// Includes: policy_text_includes.cc.
void ReadInclude(TextFile& file, TextView view);

}  // namespace policy

#endif  // GRAMMAR_POLICY_TEXT_PARTS_H_
