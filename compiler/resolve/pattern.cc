#include "compiler/resolve/pattern.h"

#include "runtime/value/glob.h"

namespace policy {

bool IsExact(std::string_view pattern) { return !pattern.contains('*'); }

bool MatchesEverything(std::string_view pattern) {
  return !pattern.empty() && pattern.find_first_not_of('*') == std::string_view::npos;
}

bool PatternsOverlap(std::string_view a, std::string_view b) {
  if (IsExact(a)) return GlobMatches(b, a);
  if (IsExact(b)) return GlobMatches(a, b);
  // Both have a star. What stands between the first and the last star of each can follow one after
  // the other in one name, so only the two ends can keep the patterns apart.
  const std::string_view a_begin = a.substr(0, a.find('*'));
  const std::string_view b_begin = b.substr(0, b.find('*'));
  const std::string_view a_end = a.substr(a.rfind('*') + 1);
  const std::string_view b_end = b.substr(b.rfind('*') + 1);
  return (a_begin.starts_with(b_begin) || b_begin.starts_with(a_begin)) &&
         (a_end.ends_with(b_end) || b_end.ends_with(a_end));
}

}  // namespace policy
