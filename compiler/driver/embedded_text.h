// Texts of the repository that are compiled in: the pages about diagnostics, the schemas.
#ifndef COMPILER_DRIVER_EMBEDDED_TEXT_H_
#define COMPILER_DRIVER_EMBEDDED_TEXT_H_

#include <span>
#include <string_view>

namespace policy {

struct EmbeddedText {
  std::string_view name;  // the file's name without its folder: "P1001.md"
  std::string_view text;
};

// Sorted by name. Made by cmake/EmbedTexts.cmake from the files that CMakeLists.txt names.
std::span<const EmbeddedText> DiagnosticPages();  // "P1001.md"
std::span<const EmbeddedText> Schemas();          // "policy.schema.json"

}  // namespace policy

#endif  // COMPILER_DRIVER_EMBEDDED_TEXT_H_
