// What the readers of both forms report in one way. `root` is the policy's own source.
#ifndef GRAMMAR_SHARED_REPORTS_H_
#define GRAMMAR_SHARED_REPORTS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "grammar/ast.h"
#include "policy/diagnostic.h"

namespace policy {

void ReportNotBuiltYet(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view what);

// `what` has `count` members, and at most `max` are read.
void ReportTooMany(const Source& root, Diagnostics& diagnostics, Span span, std::string_view what,
                   std::size_t count, std::size_t max);

void ReportTooManyRules(const Source& root, Diagnostics& diagnostics, Span span);

void ReportDuplicateKey(const Source& root, Diagnostics& diagnostics, Span span, Span first,
                        std::string_view key);

// Reports a string that is empty, or longer than kPolicyStringBytesMax. True when it is neither.
bool CheckText(const Source& root, Diagnostics& diagnostics, Span span, std::string_view text,
               std::string_view what);

// The bytes of `source`, whose spans have the number `file`: reports what is no UTF-8, has a byte
// order mark or is too long. True when there is nothing to say against them.
bool CheckBytes(const Source& root, const Source& source, std::uint16_t file,
                Diagnostics& diagnostics);

// The seconds of "10m", or nullopt when it is no duration of 1 s to `seconds_max`.
std::optional<std::uint32_t> SecondsOf(std::string_view text, std::uint32_t seconds_max);

// Reports that `text` is no duration.
void ReportBadDuration(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view text, std::uint32_t seconds_max);

void ReportNotWholeNumber(const Source& root, Diagnostics& diagnostics, Span span,
                          std::string_view what, std::uint64_t min, std::uint64_t max,
                          std::string_view seen);

// Reports a window or a burst that a counter of its kind cannot have. True when there is none.
bool CheckKind(const Source& root, Diagnostics& diagnostics, const ast::CounterTerms& terms);

// Reports that of two terms of a counter `what` does not go with `with`.
void ReportTermsClash(const Source& root, Diagnostics& diagnostics, Span span,
                      std::string_view what, std::string_view with, std::string help);

void ReportInvalidPath(const Source& root, Diagnostics& diagnostics, Span span,
                       std::string_view path, std::string what);

}  // namespace policy

#endif  // GRAMMAR_SHARED_REPORTS_H_
