#include "tests/reference/sql.h"

#include <re2/re2.h>

#include <cctype>
#include <set>
#include <sstream>

namespace reference {
namespace {

// Thrown where servers differ; caught at the door.
struct Unclear {};

const std::set<std::string>& Verbs() {
  static const std::set<std::string> verbs = [] {
    std::istringstream words(
        "ADD ALTER ANALYZE ATTACH BACKUP BEGIN BULK CALL CHECKPOINT COMMIT COPY CREATE DBCC "
        "DEALLOCATE DECLARE DELETE DENY DESCRIBE DETACH DISABLE DO DROP DUMP ENABLE EXEC EXECUTE "
        "EXPLAIN GRANT HANDLER INSERT INTO KILL LOAD LOCK MERGE PRAGMA RECONFIGURE RENAME REPLACE "
        "RESTORE REVERT REVOKE ROLLBACK SAVE SELECT SET SETUSER SHOW SHUTDOWN TRUNCATE UPDATE "
        "UPDATETEXT USE VACUUM WAITFOR WRITETEXT");
    std::set<std::string> set;
    for (std::string word; words >> word;) set.insert(word);
    return set;
  }();
  return verbs;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

bool IsVerb(const std::string& word) { return Verbs().contains(word); }

// What clients cut statements by.
bool IsOfClient(const std::string& word) { return word == "GO" || word == "DELIMITER"; }

// One thing outside comments and blanks.
struct Part {
  enum class Kind { Word, Open, Other };
  Kind kind = Kind::Other;
  std::string word;  // Word: in upper case
};

// Takes the text apart from its beginning, each kind of thing by an expression of its own.
class Scanner {
 public:
  explicit Scanner(std::string_view text) : begin_(text.data()), rest_(text.data(), text.size()) {}

  std::vector<Part> Parts() {
    std::vector<Part> parts;
    while (!rest_.empty()) {
      if (Blank() || Comment()) continue;
      parts.push_back(Next());
    }
    return parts;
  }

 private:
  bool Take(const RE2& form, std::string* what = nullptr) {
    return what == nullptr ? RE2::Consume(&rest_, form) : RE2::Consume(&rest_, form, what);
  }

  bool Blank() {
    static const RE2 form(R"([ \t\r\n]+)");
    return Take(form);
  }

  bool Comment() {
    static const RE2 line(R"(--([^\n]*))");
    static const RE2 block(R"((?s)/\*(.*?)\*/)");
    std::string text;
    if (Take(line, &text)) {
      text += rest_.empty() ? ' ' : '\n';
    } else if (Take(block, &text)) {
      text += text.empty() ? "" : "*";  // so that a carriage return is not the last
    } else {
      return false;
    }
    static const RE2 clear(R"((?s)[ \t\r\n].*)");
    static const RE2 unclear(R"((?s);|/\*|\r[^\n]|[^ -~\t\r\n])");
    if (!RE2::FullMatch(text, clear) || RE2::PartialMatch(text, unclear)) throw Unclear();
    return true;
  }

  Part Next() {
    const char before = rest_.data() > begin_ ? rest_.data()[-1] : ' ';
    static const RE2 word(R"(([A-Za-z_][A-Za-z0-9_]*))");
    static const RE2 number(R"((?:0x[0-9A-Fa-f]+|[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?))");
    static const RE2 parameter(R"(\$[0-9]+)");
    static const RE2 glued(R"([A-Za-z0-9_.$@#])");
    Part part;
    if (Take(word, &part.word)) {
      part.kind = Part::Kind::Word;
      part.word = Upper(part.word);
      if (IsOfClient(part.word)) throw Unclear();
      return part;
    }
    if (Take(number) || Take(parameter)) {
      if (RE2::Consume(&rest_, glued)) throw Unclear();
      return part;
    }
    if (rest_[0] == '\'' || rest_[0] == '"') {
      Quoted(before);
    } else if (rest_[0] == '`' || rest_[0] == '[') {
      Name();
    } else {
      part.kind = rest_[0] == '(' ? Part::Kind::Open : Part::Kind::Other;
      Mark();
    }
    return part;
  }

  void Quoted(char before) {
    static const RE2 single(R"((?s)'(?:[^']|'')*')");
    static const RE2 twofold(R"re((?s)"(?:[^"]|"")*")re");
    static const std::string glued = "_&$@";
    if (std::isalnum(static_cast<unsigned char>(before)) != 0 ||
        glued.find(before) != std::string::npos)
      throw Unclear();
    if (!Take(single) && !Take(twofold)) throw Unclear();
  }

  void Name() {
    static const RE2 name(R"(`([A-Za-z_][A-Za-z0-9_]*)`)");
    static const RE2 names(R"(\[([A-Za-z0-9_ \t,.:]*)\])");
    std::string text;
    if (!Take(name, &text) && !Take(names, &text)) throw Unclear();
    static const RE2 word(R"([^A-Za-z_]*([A-Za-z_][A-Za-z0-9_]*))");
    re2::StringPiece within(text);
    for (std::string each; RE2::Consume(&within, word, &each);) {
      if (IsVerb(Upper(each)) || IsOfClient(Upper(each))) throw Unclear();
    }
    static const RE2 neither(R"((?:^|[ \t,.:])[0-9]+[A-Za-z_])");  // name nor number
    if (RE2::PartialMatch(text, neither)) throw Unclear();
  }

  void Mark() {
    static const RE2 unclear(R"((?s)--|/\*|\*/|//|[#{}\]$]|;.*[^ \t\r\n])");
    static const RE2 known(R"([ -~])");
    re2::StringPiece ahead = rest_;
    if (RE2::Consume(&ahead, unclear) || !Take(known)) throw Unclear();
  }

  const char* begin_;
  re2::StringPiece rest_;
};

bool IsOneOf(const std::string& word, const std::set<std::string>& words) {
  return words.contains(word);
}

std::vector<std::string> VerbsOf(const std::vector<Part>& parts) {
  std::vector<std::string> verbs;
  bool may_set = false;  // the last verb is an UPDATE whose SET is still to come
  bool is_first = true;  // no word yet
  for (std::size_t i = 0; i < parts.size(); ++i) {
    if (parts[i].kind != Part::Kind::Word) {
      if (is_first && parts[i].kind != Part::Kind::Open) throw Unclear();
      continue;
    }
    const std::string& word = parts[i].word;
    const bool begins = is_first;
    is_first = false;
    const bool calls = i + 1 < parts.size() && parts[i + 1].kind == Part::Kind::Open &&
                       IsOneOf(word, {"REPLACE", "TRUNCATE"});
    const bool is_verb = IsVerb(word) && !calls;
    if (begins && !is_verb && word != "WITH") throw Unclear();
    if (!is_verb) continue;
    if (word == "INTO" && i > 0 && parts[i - 1].kind == Part::Kind::Word &&
        IsOneOf(parts[i - 1].word, {"INSERT", "REPLACE", "MERGE"}) &&
        (i == 1 || parts[i - 2].kind == Part::Kind::Open))
      continue;
    if (word == "SET" && may_set) {
      may_set = false;
      continue;
    }
    may_set = word == "UPDATE";
    verbs.push_back(word);
  }
  return verbs;
}

}  // namespace

std::optional<std::vector<std::string>> SqlVerbsOf(std::string_view sql) {
  // A backslash, three quotes in a row, and lines that are commands of sqlcmd.
  static const RE2 unclear(
      R"re((?i)\\|\x00|'''|"""|(?:^|[\r\n])[ \t]*(?:!|:[a-z_!]|go(?:[^a-z0-9_]|$)))re");
  if (RE2::PartialMatch(re2::StringPiece(sql.data(), sql.size()), unclear)) return std::nullopt;
  try {
    const std::vector<std::string> verbs = VerbsOf(Scanner(sql).Parts());
    if (!verbs.empty()) return verbs;
  } catch (const Unclear&) {
  }
  return std::nullopt;
}

}  // namespace reference
