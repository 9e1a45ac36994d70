// Words of a command line, where every shell makes the same of it.
#include "runtime/value/shell_words.h"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

namespace policy {
namespace {

using std::string_literals::operator""s;

std::vector<std::string> WordsOf(std::string_view command) {
  std::vector<std::string> words;
  WordWalk walk(command);
  for (std::string_view word; walk.Next(word);) words.emplace_back(word);
  return words;
}

TEST_CASE("a plain command has words") {
  struct Row {
    std::string command;
    std::vector<std::string> want;
  };
  const Row rows[] = {
      {"", {}},
      {"   \t ", {}},
      {"ls", {"ls"}},
      {"git status", {"git", "status"}},
      {"  git\t\tlog   -n 5 ", {"git", "log", "-n", "5"}},
      {"ls --color=auto", {"ls", "--color=auto"}},
      {"env PATH=/bin ls", {"env", "PATH=/bin", "ls"}},
      {"/usr/bin/git clone user@host:a/b.git", {"/usr/bin/git", "clone", "user@host:a/b.git"}},
      {"cp a,b c+d e_f", {"cp", "a,b", "c+d", "e_f"}},
      {"cat B\u00FCcher/\u65E5\u672C.txt", {"cat", "B\u00FCcher/\u65E5\u672C.txt"}},
      {"echo -- -x", {"echo", "--", "-x"}},
      {"true a= b==", {"true", "a=", "b=="}},
      {". ./x", {".", "./x"}},
      {"sudo rm -rf /", {"sudo", "rm", "-rf", "/"}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.command);
    REQUIRE(IsPlainCommand(row.command));
    CHECK(WordsOf(row.command) == row.want);
  }
}

TEST_CASE("a command that some shell expands, quotes, joins or cuts is not plain") {
  const std::string commands[] = {
      // quotes and backslashes
      "echo 'a b'",
      "echo \"a\"",
      "r\"\"m x",
      "r''m x",
      "r\\m x",
      "ls \\\nrm",
      "echo it's",
      // expansions
      "echo $HOME",
      "$SHELL",
      "ls $(rm x)",
      "ls `rm x`",
      "ls ~",
      "ls a~",
      "ls *",
      "/?in/?at /x",
      "ls [a]",
      "{rm,x}",
      "echo {a,b}",
      "ls a}",
      "!!",
      "!rm",
      "ls !$",
      "ls #x",
      "#rm",
      "a#b",
      "echo %PATH%",
      "%1",
      "^ls^rm",
      "r^m x",
      "date +%s",
      "ls ${IFS}x",
      "ls$IFS-l",
      "echo $'a'",
      "ls ?",
      "ls ]",
      // separators and redirections
      "ls; rm x",
      "ls;rm",
      ";",
      "ls & rm x",
      "ls && rm",
      "ls || rm",
      "ls | sh",
      "ls |& sh",
      "ls > x",
      "ls >> x",
      "cat < x",
      "cat <<x",
      "cat <(ls)",
      "(ls)",
      "ls )",
      "ls\nrm x",
      "ls\n",
      "\nls",
      "ls\rrm x",
      "ls\r\n",
      // control characters
      "ls\vrm",
      "ls\frm",
      "ls\0rm"s,
      "\0"s,
      "l\bs",
      "ls \x1B[A",
      "ls\x7F",
      "ls \x01",
      // beyond ASCII: blanks, line ends, nothing, direction, quotes, full-width signs
      "ls\u00A0x",
      "ls\u0085rm",
      "ls\u00AD",
      "ls\u1680x",
      "ls\u180Ex",
      "ls\u2003x",
      "ls\u200Bx",
      "ls\u2028rm",
      "ls\u2029rm",
      "ls\u202Ex",
      "ls\u202Fx",
      "ls\u205Fx",
      "ls\u2060x",
      "ls\u3000x",
      "ls\uFEFFx",
      "\uFEFFls",
      "ls \uFF1Brm",
      "ls \uFF02x",
      "ls \uFF3Cx",
      "ls \u201Cx\u201D",
      "ls \u2018x",
      "ls \u2013rf",
      "ls\u0080",
      "ls \uFFE3",
      // not UTF-8, which no call holds
      "ls \xFF",
      "ls \xC3",
      // an assignment before the command, and zsh's =
      "PATH=/evil ls",
      "A=b",
      "A= ls",
      "a+=b ls",
      "LD_PRELOAD=x.so ls",
      "  A=b ls",
      "a=b=c ls",
      "=ls",
      "echo =rm",
      "ls =",
      "= ls",
  };
  for (const std::string& command : commands) {
    CAPTURE(command);
    CHECK_FALSE(IsPlainCommand(command));
  }
}

}  // namespace
}  // namespace policy
