// The text form seen token by token, for what the grammar leaves open: what to call a thing that
// stands where another was expected, and where to read on behind a mistake.
#ifndef GRAMMAR_TEXT_SCANNER_H_
#define GRAMMAR_TEXT_SCANNER_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace policy {

// A letter, digit or `_`: what a word goes on with.
bool IsNameCharacter(char c);

struct TextToken {
  enum class Kind : std::uint8_t { End, Word, Number, String, Sign };
  Kind kind = Kind::End;
  std::size_t begin = 0;
  std::size_t end = 0;
  bool is_closed = true;  // String: its quote stands on the same line
};

// The token that stands at or behind `offset`, past spaces and comments. Anything is a token:
// strings end at the end of their line at the latest, other characters are Signs of their own.
TextToken ScanToken(std::string_view text, std::size_t offset);

// "`deny`", "the string \"a\"", "the end of the file".
std::string Describe(std::string_view text, const TextToken& token);

// What is read after a mistake: the next of these, of the same block.
enum class Recovery : std::uint8_t { FileStatement, ToolStatement, TestCall };

// Where reading goes on after a mistake at `offset` in what began at `begin`: at the next statement
// or the end of the block, always past `begin`.
std::size_t FindNextStatement(std::string_view text, std::size_t begin, std::size_t offset,
                              Recovery recovery);

}  // namespace policy

#endif  // GRAMMAR_TEXT_SCANNER_H_
