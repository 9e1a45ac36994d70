// File paths in arguments, judged by their text alone: what a server makes of symbolic links is its
// own business.
#ifndef RUNTIME_VALUE_PATH_TEXT_H_
#define RUNTIME_VALUE_PATH_TEXT_H_

#include <string_view>

#include "runtime/value/truth.h"

namespace policy {

// Whether `path` is `root` or lies below it. Unknown wherever two servers could read the path
// differently:
//   - it is not absolute ("a/b", "~/a", "C:\a", "file:///a", ""), begins with `//` (a network
//     share) or with a drive (`/c:/a`);
//   - it holds `~`, `$`, `%`, a backslash or NUL anywhere;
//   - it holds a `..` segment, or one of dots and spaces only, which some systems read as `..`;
//   - `.` segments and doubled slashes change the answer when they are dropped.
// A slash at the end means nothing.
Truth IsUnder(std::string_view path, std::string_view root);

// Whether `root` can stand on the right of `under`: absolute, no empty segment but after a slash at
// the end, no `.` or `..`, none of the bytes that are never certain in a path. Every path is
// Unknown under another root.
bool IsPlainRoot(std::string_view root);

}  // namespace policy

#endif  // RUNTIME_VALUE_PATH_TEXT_H_
