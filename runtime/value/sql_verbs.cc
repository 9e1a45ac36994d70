#include "runtime/value/sql_verbs.h"

#include <algorithm>

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

enum class Verb : std::uint8_t {
#define SQL_VERB(name) name,
#include "runtime/value/sql_verbs.def"
#undef SQL_VERB
};

constexpr std::string_view kVerbs[] = {
#define SQL_VERB(name) #name,
#include "runtime/value/sql_verbs.def"
#undef SQL_VERB
};
static_assert(std::ranges::is_sorted(kVerbs));

constexpr std::size_t kVerbBytesMax =
    std::ranges::max(kVerbs, {}, [](std::string_view verb) { return verb.size(); }).size();

enum ByteClass : std::uint8_t {
  kOther = 0,
  kLetter = 1,  // and the underscore
  kDigit = 2,
  kPunctuation = 4,  // stands for itself, wherever it is
  kSpace = 8,
  kJoiner = 16,  // what some dialect takes into the word or number before it
};

constexpr std::array<std::uint8_t, 256> kClassOf = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto set = [&classes](std::string_view bytes, int byte_class) {
    for (const char c : bytes) {
      auto& known = classes[static_cast<unsigned char>(c)];
      known = static_cast<std::uint8_t>(known | byte_class);
    }
  };
  set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_", kLetter);
  set("0123456789", kDigit);
  set("!%&()*+,-./:<=>?@^|~", kPunctuation);
  set(" \t\r\n", kSpace);
  set(".$@#", kJoiner);
  return classes;
}();

bool Is(char c, int any_of) { return (kClassOf[static_cast<unsigned char>(c)] & any_of) != 0; }
bool IsWordByte(char c) { return Is(c, kLetter | kDigit); }

char Upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - ('a' - 'A')) : c; }

// Whether `word` is `name`, which is in upper case.
bool Says(std::string_view word, std::string_view name) {
  return std::ranges::equal(word, name, {}, Upper);
}

std::optional<Verb> FindVerb(std::string_view word) {
  if (word.size() > kVerbBytesMax) return std::nullopt;
  std::array<char, kVerbBytesMax> upper;
  const auto end = std::ranges::transform(word, upper.begin(), Upper).out;
  const std::string_view name(upper.begin(), end);
  const auto* at = std::ranges::lower_bound(kVerbs, name);
  if (at == std::end(kVerbs) || *at != name) return std::nullopt;
  return static_cast<Verb>(at - std::begin(kVerbs));
}

// How far `text` goes on with bytes of these classes.
std::size_t RunOf(std::string_view text, int any_of) {
  const auto end = std::ranges::find_if_not(text, [any_of](char c) { return Is(c, any_of); });
  return static_cast<std::size_t>(end - text.begin());
}

// -- what clients of a database take for themselves ----------------------------------------------

// What ends a batch to sqlcmd, and what the mysql client cuts statements by.
bool IsWordOfClient(std::string_view word) { return Says(word, "GO") || Says(word, "DELIMITER"); }

// A line that sqlcmd runs itself or ends a batch at; it does not look whether quotes are open.
bool IsCommandOfClient(std::string_view line) {
  line.remove_prefix(RunOf(line, kSpace));
  if (line.starts_with('!')) return true;
  if (line.starts_with(':')) return line.size() > 1 && (line[1] == '!' || Is(line[1], kLetter));
  return Says(line.substr(0, RunOf(line, kLetter | kDigit)), "GO");
}

bool HasCommandOfClient(std::string_view sql) {
  while (!sql.empty()) {
    const std::string_view line = sql.substr(0, sql.find_first_of("\r\n"));
    if (IsCommandOfClient(line)) return true;
    sql.remove_prefix(std::min(line.size() + 1, sql.size()));
  }
  return false;
}

// -- the statement -------------------------------------------------------------------------------

// Reads one statement from left to right. Every Take… takes one token off the front of `rest_` and
// is false where dialects differ.
class StatementReader {
 public:
  explicit StatementReader(std::string_view sql) : sql_(sql), rest_(sql) {}

  // False: uncertain.
  bool Read() {
    while (!rest_.empty()) {
      if (!TakeToken()) return false;
    }
    return verbs_.size != 0;
  }
  const SqlVerbs& verbs() const { return verbs_; }

 private:
  // The token before this one, as far as it matters.
  enum class Before : std::uint8_t { Nothing, OpenParenthesis, InsertHead, Other };

  bool TakeToken() {
    if (!TakeGap()) return false;
    if (rest_.empty()) return true;
    const char c = rest_.front();
    if (Is(c, kLetter)) return TakeWord();
    if (c == '(') {
      if (before_ != Before::Nothing) before_ = Before::OpenParenthesis;
      return Skip(1);
    }
    if (verbs_.size == 0 && !begins_with_with_) return false;
    before_ = Before::Other;
    return TakeRest(c);
  }

  // The tokens that no statement begins with.
  bool TakeRest(char c) {
    switch (c) {
      case '\'':
      case '"':
        return TakeQuoted(c);
      case '`':
        return TakeBackQuoted();
      case '[':
        return TakeBracketed();
      case '$':
        return TakeParameter();
      case ';':
        return Skip(1) && RunOf(rest_, kSpace) == rest_.size();
      default:
        break;
    }
    const bool is_fraction = c == '.' && rest_.size() > 1 && Is(rest_[1], kDigit);
    if (Is(c, kDigit) || is_fraction) return TakeNumber();
    if (rest_.starts_with("//") || rest_.starts_with("*/")) return false;
    return Is(c, kPunctuation) && Skip(1);
  }

  bool Skip(std::size_t bytes) {
    rest_.remove_prefix(bytes);
    return true;
  }

  // White space and comments, as much as there is.
  bool TakeGap() {
    for (;;) {
      Skip(RunOf(rest_, kSpace));
      if (rest_.starts_with("--")) {
        if (!TakeLineComment()) return false;
      } else if (rest_.starts_with("/*")) {
        if (!TakeBlockComment()) return false;
      } else {
        return true;
      }
    }
  }

  // `-- …` to the end of the line.
  bool TakeLineComment() {
    const std::size_t end = std::min(rest_.find('\n'), rest_.size());
    std::string_view comment = rest_.substr(2, end - 2);
    if (comment.ends_with('\r') && end != rest_.size()) comment.remove_suffix(1);
    if (!comment.empty() && !comment.starts_with(' ') && !comment.starts_with('\t')) return false;
    return IsPlainComment(comment) && !comment.contains('\r') && Skip(end);
  }

  bool TakeBlockComment() {
    const std::size_t end = rest_.find("*/", 2);
    if (end == std::string_view::npos) return false;
    const std::string_view comment = rest_.substr(2, end - 2);
    if (comment.empty() || !Is(comment.front(), kSpace)) return false;
    // The star that ends it may be that of another comment's beginning, to those that nest: `/*/`.
    return IsPlainComment(comment) && !comment.ends_with('/') && Skip(end + 2);
  }

  static bool IsPlainComment(std::string_view comment) {
    if (comment.contains(';') || comment.contains("/*")) return false;
    for (std::size_t at = comment.find('\r'); at != std::string_view::npos;
         at = comment.find('\r', at + 1)) {
      if (at + 1 == comment.size() || comment[at + 1] != '\n') return false;
    }
    return std::ranges::all_of(comment,
                               [](char c) { return (c >= ' ' && c < '\x7F') || Is(c, kSpace); });
  }

  bool TakeQuoted(char quote) {
    const auto at = static_cast<std::size_t>(rest_.data() - sql_.data());
    if (at != 0 && (IsWordByte(sql_[at - 1]) || "&$@"sv.contains(sql_[at - 1]))) return false;
    for (std::size_t end = 1;; end += 2) {
      end = rest_.find(quote, end);
      if (end == std::string_view::npos) return false;
      if (end + 1 == rest_.size() || rest_[end + 1] != quote) return Skip(end + 1);
    }
  }

  // A name to MySQL and SQLite, an operator before a word to PostgreSQL.
  bool TakeBackQuoted() {
    const std::size_t size = RunOf(rest_.substr(1), kLetter | kDigit);
    const std::string_view name = rest_.substr(1, size);
    if (!IsPlainName(name) || Is(name.front(), kDigit)) return false;
    if (!rest_.substr(1 + size).starts_with('`')) return false;
    return Skip(size + 2);
  }

  // A name to SQL Server and SQLite, an array or its element to PostgreSQL.
  bool TakeBracketed() {
    Skip(1);
    while (!rest_.starts_with(']')) {
      if (rest_.empty()) return false;
      const std::size_t size = RunOf(rest_, kLetter | kDigit);
      if (size == 0 && !" \t,.:"sv.contains(rest_.front())) return false;
      if (size != 0 && !IsPlainName(rest_.substr(0, size))) return false;
      Skip(std::max(size, std::size_t{1}));
    }
    return Skip(1);
  }

  // No verb, and a number only if it is nothing else.
  static bool IsPlainName(std::string_view name) {
    if (name.empty() || FindVerb(name) || IsWordOfClient(name)) return false;
    return !Is(name.front(), kDigit) || RunOf(name, kDigit) == name.size();
  }

  bool TakeParameter() {
    const std::size_t digits = RunOf(rest_.substr(1), kDigit);
    return digits != 0 && Skip(1 + digits) && IsEndOfNumber();
  }

  bool TakeNumber() {
    if (rest_.starts_with("0x")) {
      Skip(2);
      const auto is_hex = [](char c) {
        return Is(c, kDigit) || (Upper(c) >= 'A' && Upper(c) <= 'F');
      };
      const auto digits = std::ranges::find_if_not(rest_, is_hex) - rest_.begin();
      return digits != 0 && Skip(static_cast<std::size_t>(digits)) && IsEndOfNumber();
    }
    Skip(RunOf(rest_, kDigit));
    const bool has_fraction = rest_.size() > 1 && rest_[0] == '.' && Is(rest_[1], kDigit);
    if (has_fraction) Skip(1 + RunOf(rest_.substr(1), kDigit));
    if (rest_.starts_with('e') || rest_.starts_with('E')) {
      const bool has_sign = rest_.size() > 1 && (rest_[1] == '+' || rest_[1] == '-');
      Skip(has_sign ? 2 : 1);
      if (RunOf(rest_, kDigit) == 0) return false;
      Skip(RunOf(rest_, kDigit));
    }
    return IsEndOfNumber();
  }

  bool IsEndOfNumber() const {
    return rest_.empty() || !Is(rest_.front(), kLetter | kDigit | kJoiner);
  }

  bool TakeWord() {
    const Before before = before_;
    before_ = Before::Other;
    const std::string_view word = rest_.substr(0, RunOf(rest_, kLetter | kDigit));
    Skip(word.size());
    const auto verb = FindVerb(word);
    if (verb) return TakeVerb(*verb, before);
    if (IsWordOfClient(word)) return false;
    const bool is_first = verbs_.size == 0 && !begins_with_with_;
    if (is_first) begins_with_with_ = Says(word, "WITH");
    return !is_first || begins_with_with_;
  }

  bool TakeVerb(Verb verb, Before before) {
    if (!TakeGap()) return false;
    const bool is_call = rest_.starts_with('(');
    if (is_call && (verb == Verb::REPLACE || verb == Verb::TRUNCATE))
      return verbs_.size != 0 || begins_with_with_;
    if (verb == Verb::INTO && before == Before::InsertHead) return true;
    if (verb == Verb::SET && update_lacks_set_) {
      update_lacks_set_ = false;
      return true;
    }
    update_lacks_set_ = verb == Verb::UPDATE;
    const bool is_insert = verb == Verb::INSERT || verb == Verb::REPLACE || verb == Verb::MERGE;
    if (is_insert && before != Before::Other) before_ = Before::InsertHead;
    if (verbs_.size == verbs_.ids.size()) return false;
    verbs_.ids[verbs_.size++] = static_cast<std::uint8_t>(verb);
    return true;
  }

  std::string_view sql_;
  std::string_view rest_;
  SqlVerbs verbs_;
  Before before_ = Before::Nothing;
  bool begins_with_with_ = false;
  bool update_lacks_set_ = false;
};

}  // namespace

bool SqlVerbWalk::Next(std::string_view& verb) {
  if (at_ == verbs_->size) return false;
  verb = kVerbs[verbs_->ids[at_++]];
  return true;
}

std::optional<SqlVerbs> ReadSqlVerbs(std::string_view sql) {
  if (sql.find_first_of("\\\0"sv) != std::string_view::npos) return std::nullopt;
  if (sql.contains("'''") || sql.contains("\"\"\"") || HasCommandOfClient(sql)) return std::nullopt;
  StatementReader reader(sql);
  if (!reader.Read()) return std::nullopt;
  return reader.verbs();
}

}  // namespace policy
