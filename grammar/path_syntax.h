// Paths as conditions spell them: args.a.b, args.items[0], args["odd key"].
#ifndef GRAMMAR_PATH_SYNTAX_H_
#define GRAMMAR_PATH_SYNTAX_H_

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "grammar/ast.h"

namespace policy {

// Why a text is no path, and at which of its bytes.
struct PathError {
  std::size_t offset = 0;
  std::string what;
};

// The path's root has the text of its name and no span. Whether the names exist is the resolver's
// to say.
std::expected<ast::Path, PathError> ParsePath(std::string_view text);

// What stands after `args.` or `claims.`: the steps below `root`.
std::expected<ast::Path, PathError> ParsePathBelow(std::string_view root, std::string_view text);

}  // namespace policy

#endif  // GRAMMAR_PATH_SYNTAX_H_
