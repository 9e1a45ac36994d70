// SQL in arguments: the verbs of one statement, where PostgreSQL, MySQL, SQLite and SQL Server read
// the same words.
#ifndef RUNTIME_VALUE_SQL_VERBS_H_
#define RUNTIME_VALUE_SQL_VERBS_H_

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "runtime/value/predicate.h"

namespace policy {

// Verbs in order of appearance, duplicates kept.
struct SqlVerbs {
  std::array<std::uint8_t, kListElementsMax> ids;
  std::size_t size = 0;
};

// Walks the names of `verbs`, which outlive it, in upper case.
class SqlVerbWalk {
 public:
  explicit SqlVerbWalk(const SqlVerbs& verbs) : verbs_(&verbs) {}
  bool Next(std::string_view& verb);

 private:
  const SqlVerbs* verbs_;
  std::size_t at_ = 0;
};

// Every word of `sql` that is a verb (the list is in sql_verbs.def), at any depth, in any letter
// case, outside quotes and comments; never an empty list. Names that are verbs are found too
// (`SELECT copy FROM t` is SELECT, COPY): an author quotes them. Not verbs: REPLACE and TRUNCATE
// before `(`, which are functions; the INTO right behind an INSERT, REPLACE or MERGE that begins
// the statement or stands behind `(`; the first SET after an UPDATE with no other verb between.
//
// nullopt:
// - the statement does not begin with a verb or WITH, an opening parenthesis before it aside (SQL
//   Server runs a procedure by its name alone); no verb in it; more than kListElementsMax
// - several statements: a `;` with anything but white space behind it; the words GO and DELIMITER;
//   a line, in quotes and comments too, that begins with the word GO, with `!`, or with `:` before
//   a letter or `!` (commands of sqlcmd)
// - a backslash or NUL anywhere; three `'` or three `"` in a row; a quote that is not closed or
//   that follows a letter, digit, `_`, `&`, `$` or `@` (E'', N'', U&'', q'', @'')
// - comments but `-- ` and `/* `, each with a space, tab or line end behind it; one that holds `;`,
//   another `/*`, or a lone carriage return; one that is not closed; `//`, `#`, a stray `*/`
// - back-quotes around anything but one name; square brackets around anything but names, digits,
//   blanks and `, . :`; verbs, GO or DELIMITER within either; `{`, `}`
// - `$` but before the digits of a parameter; a number that is not digits with an optional fraction
//   (`1.5`) and exponent, or 0x and hexadecimal digits; either with a letter, digit, `_`, `.`, `$`,
//   `@` or `#` behind it
// - outside quotes, in comments too, anything beyond ASCII, and control characters but tab and line
//   ends
//
// Invisible: what functions and procedures do (pg_read_file, load_extension, OPENROWSET, nextval).
std::optional<SqlVerbs> ReadSqlVerbs(std::string_view sql);

}  // namespace policy

#endif  // RUNTIME_VALUE_SQL_VERBS_H_
