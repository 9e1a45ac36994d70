// Where reading a policy in the text form stopped, and what the author is told about it.
#ifndef GRAMMAR_TEXT_MISTAKE_H_
#define GRAMMAR_TEXT_MISTAKE_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "policy/diagnostic.h"

namespace policy {

// What had to stand somewhere.
struct Expected {
  enum class Sort : std::uint8_t {
    Plain,
    Name,           // where a keyword stands, it can be quoted
    Word,           // a name that cannot be quoted
    FileStatement,  // a statement's keyword
    ToolStatement,  // likewise, of a tool block
    OpenString,     // a string that its line ends
    OpenBrace,      // a block that something else breaks off
    Escape,
    Number,    // `what` is what is wrong
    NotBuilt,  // a part that the language keeps a word for
    TooDeep,
  };
  const char* what = nullptr;
  const char* words = "";  // those that can stand here, with commas: for "did you mean"
  Sort sort = Sort::Plain;
};

// One file that is being read, and where to report.
struct TextInput {
  const Source& root;    // the policy's own file
  const Source& source;  // the file
  std::uint16_t file = 0;
  Diagnostics& diagnostics;

  Span SpanOf(std::size_t begin, std::size_t end) const {
    return {static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end), file};
  }
};

// What is known of a mistake once it is reported.
struct ReportedMistake {
  std::string_view meant;  // the keyword that was meant, where the mistake is a misspelt one
  std::size_t past = 0;    // what stands before this cannot begin the next statement
};

// Reports that `expected` does not stand at `offset`, in a statement that begins at `begin`.
ReportedMistake ReportMistake(const TextInput& input, std::size_t begin, std::size_t offset,
                              const Expected& expected);

// Reports what stands twice and counts once.
void ReportGivenTwice(const TextInput& input, Span span, Span first, std::string_view what);

}  // namespace policy

#endif  // GRAMMAR_TEXT_MISTAKE_H_
