#include "tests/reference/token.h"

#include <algorithm>
#include <cctype>

#include "tests/reference/json.h"

namespace reference {
namespace {

bool IsLetter(char c) { return std::isalpha(static_cast<unsigned char>(c)) != 0 || c == '_'; }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  Token Next() {
    SkipBlank();
    if (At(0) == '\0') return {};
    if (At(0) == 'r' && At(1) == '"') return Raw();
    if (At(0) == '"') return Quoted();
    if (IsLetter(At(0))) return Word();
    if (IsDigit(At(0))) return Number();
    for (const std::string_view mark : {"==", "!=", "<=", ">=", "??"}) {
      if (text_.starts_with(mark)) return Take(Token::Kind::Mark, mark.size());
    }
    return Take(Token::Kind::Mark, 1);
  }

 private:
  char At(std::size_t i) const { return i < text_.size() ? text_[i] : '\0'; }

  Token Take(Token::Kind kind, std::size_t size) {
    Token token{kind, std::string(text_.substr(0, size))};
    text_.remove_prefix(size);
    return token;
  }

  void SkipBlank() {
    for (;;) {
      if (At(0) == ' ' || At(0) == '\t' || At(0) == '\n' || At(0) == '\r') {
        text_.remove_prefix(1);
      } else if (At(0) == '/' && At(1) == '/') {
        text_.remove_prefix(std::min(text_.find('\n'), text_.size()));
      } else {
        return;
      }
    }
  }

  Token Raw() {
    const std::size_t end = text_.find('"', 2);
    if (end == std::string_view::npos) throw TokenProblem{"a raw string without an end"};
    Token token{Token::Kind::String, std::string(text_.substr(2, end - 2))};
    text_.remove_prefix(end + 1);
    return token;
  }

  Token Quoted() {
    std::size_t end = 1;
    while (At(end) != '"' && end < text_.size()) end += At(end) == '\\' ? 2 : 1;
    if (end >= text_.size()) throw TokenProblem{"a string without an end"};
    const auto json = ParseJson(text_.substr(0, end + 1));
    if (!json) throw TokenProblem{"a string"};
    text_.remove_prefix(end + 1);
    return {Token::Kind::String, json->text};
  }

  Token Word() {
    std::size_t end = 1;
    while (IsLetter(At(end)) || IsDigit(At(end))) ++end;
    return Take(Token::Kind::Word, end);
  }

  Token Number() {
    std::size_t end = 1;
    while (IsDigit(At(end))) ++end;
    const char unit = At(end);
    const bool is_duration = unit == 's' || unit == 'm' || unit == 'h' || unit == 'd';
    if (is_duration && !IsLetter(At(end + 1)) && !IsDigit(At(end + 1)))
      return Take(Token::Kind::Duration, end + 1);
    if (At(end) == '.' && IsDigit(At(end + 1))) {
      ++end;
      while (IsDigit(At(end))) ++end;
    }
    if (At(end) == 'e' || At(end) == 'E') {
      const std::size_t sign = At(end + 1) == '+' || At(end + 1) == '-' ? 1 : 0;
      if (IsDigit(At(end + 1 + sign))) {
        end += 1 + sign;
        while (IsDigit(At(end))) ++end;
      }
    }
    return Take(Token::Kind::Number, end);
  }

  std::string_view text_;
};

}  // namespace

Tokens::Tokens(std::string_view text) {
  Scanner scanner(text);
  do {
    tokens_.push_back(scanner.Next());
  } while (tokens_.back().kind != Token::Kind::End);
}

const Token& Tokens::Next(std::size_t ahead) const {
  return tokens_[std::min(at_ + ahead, tokens_.size() - 1)];
}

bool Tokens::NextIs(std::string_view word, std::size_t ahead) const {
  const Token& token = Next(ahead);
  const bool may = token.kind == Token::Kind::Word || token.kind == Token::Kind::Mark;
  return may && token.text == word;
}

bool Tokens::Take(std::string_view word) {
  if (!NextIs(word)) return false;
  ++at_;
  return true;
}

void Tokens::Need(std::string_view word) {
  if (!Take(word)) throw TokenProblem{std::string(word) + " before " + Next().text};
}

std::string Tokens::Need(Token::Kind kind) {
  if (!NextIs(kind)) throw TokenProblem{"something else before " + Next().text};
  return tokens_[at_++].text;
}

std::string Tokens::NeedName() {
  return Need(NextIs(Token::Kind::String) ? Token::Kind::String : Token::Kind::Word);
}

}  // namespace reference
