// Diagnostics as people and programs read them.
#ifndef GRAMMAR_DIAGNOSTIC_RENDERER_H_
#define GRAMMAR_DIAGNOSTIC_RENDERER_H_

#include <span>
#include <string>
#include <string_view>

#include "policy/diagnostic.h"

namespace policy {

std::string_view NameOf(Severity severity);  // "error", "warning", "info"

struct TextStyle {
  bool colour = false;  // terminal escapes
};

// One diagnostic:
//
//   policy.json:3:14: error[P1010]: `allways` is not a default
//     "default": "allways",
//                ^~~~~~~~~
//     help: did you mean `allow`?
//
// What stands in the policy is shown with control characters made visible, long lines around the
// place only.
std::string RenderText(const Diagnostic& diagnostic, TextStyle style);

// The parts of it, for other reports about what stands in a text.
std::string PlaceText(const Source& source, Span span);                 // "policy.json:3:14"
std::string Excerpt(const Source& source, Span span, TextStyle style);  // the line and the carets
// Each code point in one visible place: tabs as blanks, unsafe and malformed ones as U+FFFD.
std::string VisibleText(std::string_view text);

// {"findings":[{"code","severity","file","line","column","message","help","fix"}]} and a line end.
// `help` and `fix` are null where there is none; a fix has begin, end (byte offsets) and text.
std::string RenderJson(std::span<const Diagnostic* const> diagnostics);

}  // namespace policy

#endif  // GRAMMAR_DIAGNOSTIC_RENDERER_H_
