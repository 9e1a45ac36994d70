// Command lines in arguments: the words of one simple command, where every shell splits it alike.
#ifndef RUNTIME_VALUE_SHELL_WORDS_H_
#define RUNTIME_VALUE_SHELL_WORDS_H_

#include <string_view>

namespace policy {

// Whether sh, bash, dash, ksh, zsh, csh, fish and a program that splits at blanks by itself all
// make the words of `command` that WordWalk gives, and run nothing else.
//
// Known: words of ASCII letters, digits, `_ - + = . , : / @` and of letters beyond ASCII, with
// spaces and tabs between them. A text without words is a command without words.
//
// Unknown: quotes and the backslash; expansions `$` back-quote `~ * ? [ ] { } ! # % ^`; separators
// and redirections `; & | < > ( )`; line ends, every other control character; beyond ASCII U+0080
// to U+00A0, U+00AD, U+1680, U+180E, U+2000 to U+206F, U+3000, U+FEFF and U+FF00 to U+FFEF (white
// space, invisible and full-width characters, which some systems read as ASCII); a first word that
// holds `=` (an assignment, and the command comes after it); any word that begins with `=` (zsh
// looks the program up).
//
// The first word need not be the program that does the work: env, sudo, time, nohup, xargs, sh run
// what comes after them. cmd.exe and PowerShell split by rules of their own (`,` `=` and `/` end
// the first word): these words are not theirs.
bool IsPlainCommand(std::string_view command);

// The words of a plain command, in order.
class WordWalk {
 public:
  // REQUIRES: IsPlainCommand(command).
  explicit WordWalk(std::string_view command) : rest_(command) {}
  // The next word, or false at the end.
  bool Next(std::string_view& word);

 private:
  std::string_view rest_;
};

}  // namespace policy

#endif  // RUNTIME_VALUE_SHELL_WORDS_H_
