// Name patterns: `*` matches any bytes, nothing else is special.
#ifndef RUNTIME_VALUE_GLOB_H_
#define RUNTIME_VALUE_GLOB_H_

#include <string_view>

namespace policy {

// Whether `pattern` matches the whole of `text`, byte by byte. Linear in both sizes, never
// allocates.
bool GlobMatches(std::string_view pattern, std::string_view text);

// Whether `text` holds `needle`. Linear in both sizes, unlike std::string_view::find.
bool HoldsText(std::string_view text, std::string_view needle);

// The place of the first `needle` in `text`, or npos. Linear in both sizes too.
std::size_t FindText(std::string_view text, std::string_view needle);

}  // namespace policy

#endif  // RUNTIME_VALUE_GLOB_H_
