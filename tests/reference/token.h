// The words, marks and literals of the text form.
#ifndef TESTS_REFERENCE_TOKEN_H_
#define TESTS_REFERENCE_TOKEN_H_

#include <string>
#include <string_view>
#include <vector>

namespace reference {

struct Token {
  enum class Kind { Word, String, Number, Duration, Mark, End };
  Kind kind = Kind::End;
  std::string text;  // String: unescaped; else as written
};

// Thrown for a text that is none; caught where a policy is read.
struct TokenProblem {
  std::string what;
};

// Tokens one after another. A `-` is always a mark.
class Tokens {
 public:
  explicit Tokens(std::string_view text);

  const Token& Next(std::size_t ahead = 0) const;
  bool NextIs(Token::Kind kind) const { return Next().kind == kind; }
  // A word or mark; never a string of that text.
  bool NextIs(std::string_view word, std::size_t ahead = 0) const;
  bool Take(std::string_view word);

  // What has to stand here.
  void Need(std::string_view word);
  std::string Need(Token::Kind kind);
  // A name of a tool, counter or rule: a word or a string.
  std::string NeedName();

 private:
  std::vector<Token> tokens_;  // the last is End
  std::size_t at_ = 0;
};

}  // namespace reference

#endif  // TESTS_REFERENCE_TOKEN_H_
