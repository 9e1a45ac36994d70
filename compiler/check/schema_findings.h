// Findings about arguments, gathered over the tools that a rule covers so that each is said once.
#ifndef COMPILER_CHECK_SCHEMA_FINDINGS_H_
#define COMPILER_CHECK_SCHEMA_FINDINGS_H_

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "compiler/check/findings.h"

namespace policy {

enum class SchemaFinding : std::uint8_t {
  NotNamed,       // `detail`: the step that no schema names
  NotNamedBelow,  // likewise, of a record that is not closed
  WrongKind,      // `detail`: what the schema says; `other`: what is needed, by what
  Excluded,       // `detail`: the literal; `other`: what the schema allows
  OutOfRange,     // likewise
  MayBeAbsent,    // `detail`: what the rule then does
  OtherDefault,   // `detail`: what the policy says; `other`: the declared default
  CostAbsent,
  CostNegative,
};

// One finding about one place for one tool.
struct FoundAt {
  SchemaFinding finding{};
  Span span;            // where it is said
  std::string path;     // "args.amount"
  std::string detail;   // by finding
  std::string other;    // by finding
  std::string help;     // empty: none
  std::string fix_old;  // what `span` holds once, to be replaced by fix_new; empty: no fix
  std::string fix_new;
  bool is_asked = false;  // NotNamed: the rule minds that the argument may not be there
};

class SchemaFindings {
 public:
  void Add(FoundAt found, std::string_view tool);
  // A look at `path` for one tool, found wrong or not: what is wrong for all is said otherwise than
  // what is wrong for some.
  void Look(Span span, const std::string& path, std::string_view tool);
  // Reports all, by place.
  void Report(const Checked& checked) const;

 private:
  struct Entry {
    FoundAt found;
    std::vector<std::string> tools;
    std::vector<std::string> minded;  // of `tools` those without is_asked
  };
  using Place = std::tuple<std::uint16_t, std::uint32_t, std::uint32_t, std::string>;

  static Place PlaceOf(Span span, const std::string& path) {
    return {span.file, span.begin, span.end, path};
  }
  void ReportOne(const Checked& checked, const Entry& entry, bool is_of_all) const;

  std::map<std::tuple<Place, SchemaFinding, std::string>, Entry> entries_;
  std::map<Place, std::vector<std::string>> looks_;  // the tools
};

}  // namespace policy

#endif  // COMPILER_CHECK_SCHEMA_FINDINGS_H_
