// The verbs of one statement, where databases agree on its words.
#include "runtime/value/sql_verbs.h"

#include <catch2/catch.hpp>
#include <string>

namespace policy {
namespace {

using std::string_literals::operator""s;

// The verbs with spaces between them; "?" where they are unknown.
std::string VerbsOf(std::string_view sql) {
  const auto verbs = ReadSqlVerbs(sql);
  if (!verbs) return "?";
  std::string all;
  SqlVerbWalk walk(*verbs);
  for (std::string_view verb; walk.Next(verb);) {
    if (!all.empty()) all += ' ';
    all += verb;
  }
  return all;
}

TEST_CASE("a statement has verbs") {
  struct Row {
    std::string sql;
    const char* want;
  };
  const Row rows[] = {
      {"SELECT 1", "SELECT"},
      {"select * from t where a = 'drop table t'", "SELECT"},
      {" \n\t SeLeCt 1 ; \r\n", "SELECT"},
      {"SELECT a FROM t WHERE b IN (SELECT c FROM u)", "SELECT SELECT"},
      {"(SELECT 1) UNION ALL (SELECT 2)", "SELECT SELECT"},
      {"((select 1))", "SELECT"},
      {"WITH x AS (SELECT 1) SELECT * FROM x", "SELECT SELECT"},
      {"WITH x AS (DELETE FROM t RETURNING *) SELECT * FROM x", "DELETE SELECT"},
      {"with recursive x as (select 1 union all select 2) select 3", "SELECT SELECT SELECT"},
      {"EXPLAIN ANALYZE DELETE FROM t", "EXPLAIN ANALYZE DELETE"},
      {"EXPLAIN (ANALYZE, BUFFERS) SELECT 1", "EXPLAIN ANALYZE SELECT"},
      {"SELECT 1 DROP TABLE t", "SELECT DROP"},
      {"SELECT 1\nEXEC xp_cmdshell 'dir'", "SELECT EXEC"},
      {"SELECT 1 SHUTDOWN WITH NOWAIT", "SELECT SHUTDOWN"},
      {"SELECT * FROM t WHERE a = 1 DISABLE TRIGGER x ON t", "SELECT DISABLE"},
      {"SELECT * FROM t FOR UPDATE", "SELECT UPDATE"},
      {"SELECT * FROM t LOCK IN SHARE MODE", "SELECT LOCK"},
      {"SELECT CASE WHEN a THEN 1 ELSE 2 END FROM t", "SELECT"},
      // INTO writes, but where it is an INSERT's own
      {"SELECT * INTO u FROM t", "SELECT INTO"},
      {"SELECT 'x' INTO OUTFILE '/tmp/x'", "SELECT INTO"},
      {"SELECT 1 AS insert INTO u FROM t", "SELECT INSERT INTO"},
      {"SELECT (1) insert INTO u", "SELECT INSERT INTO"},
      {"SELECT replace INTO u FROM t", "SELECT REPLACE INTO"},
      {"INSERT INTO t VALUES (1)", "INSERT"},
      {"INSERT /* x */ INTO t VALUES (1)", "INSERT"},
      {"REPLACE INTO t VALUES (1)", "REPLACE"},
      {"MERGE INTO t USING u ON a = b WHEN MATCHED THEN UPDATE SET a = 1 WHEN NOT MATCHED THEN "
       "INSERT (a) VALUES (1)",
       "MERGE UPDATE INSERT"},
      {"INSERT OR REPLACE INTO t VALUES (1)", "INSERT REPLACE INTO"},
      {"INSERT IGNORE INTO t VALUES (1)", "INSERT INTO"},
      {"INSERT INTO t SELECT * INTO u FROM v", "INSERT SELECT INTO"},
      {"WITH x AS (INSERT INTO t VALUES (1) RETURNING a) SELECT a FROM x", "INSERT SELECT"},
      {"WITH x AS (SELECT 1) INSERT INTO t SELECT * FROM x", "SELECT INSERT INTO SELECT"},
      {"INSERT INTO t (a) VALUES (1) ON CONFLICT (a) DO UPDATE SET a = 2", "INSERT DO UPDATE"},
      // one SET is an UPDATE's own
      {"UPDATE t SET a = 1 WHERE b = 2", "UPDATE"},
      {"UPDATE t SET a = 1 SET ROWCOUNT 5", "UPDATE SET"},
      {"SET GLOBAL general_log = 1", "SET"},
      {"ALTER TABLE t ALTER COLUMN a SET DEFAULT 1", "ALTER ALTER SET"},
      {"INSERT t SET a = 1", "INSERT SET"},
      {"UPDATE t, (SELECT 1) u SET a = 1", "UPDATE SELECT SET"},
      // functions named like verbs
      {"SELECT REPLACE(a, 'x', 'y'), truncate (b, 2) FROM t", "SELECT"},
      {"SELECT replace\n(a, 'x', 'y')", "SELECT"},
      {"SELECT insert(a, 1, 2, 'y')", "SELECT INSERT"},
      {"TRUNCATE t", "TRUNCATE"},
      {"CREATE OR REPLACE VIEW v AS SELECT 1", "CREATE REPLACE SELECT"},
      // every word, names too, unless they are quoted
      {"SELECT copy FROM load", "SELECT COPY LOAD"},
      {"SELECT t.delete FROM t", "SELECT DELETE"},
      {"SELECT \"update\", \"a\"\"drop\" FROM \"select\"", "SELECT"},
      {"SELECT [a b], x[1] FROM [dbo].[t]", "SELECT"},
      {"SELECT `a_1` FROM `t`", "SELECT"},
      {"SELECT selection, updated_at, drop_1 FROM inserts", "SELECT"},
      {"COPY t TO PROGRAM 'sh'", "COPY"},
      {"GRANT SELECT ON t TO u", "GRANT SELECT"},
      {"PRAGMA table_info(t)", "PRAGMA"},
      {"ATTACH 'x.db' AS y", "ATTACH"},
      {"DO 'begin end'", "DO"},
      {"BEGIN TRANSACTION", "BEGIN"},
      {"DECLARE @a int = 1 EXECUTE (@b)", "DECLARE EXECUTE"},
      {"EXEC sp_who @a = 'x'", "EXEC"},
      {"SHOW TABLES", "SHOW"},
      // strings
      {"SELECT 'it''s', '', ';', '--', '/*', '#', '{', '$$', '\u00E9\u2019' FROM t", "SELECT"},
      {"SELECT 'a\nb', \"c\nd\"", "SELECT"},
      {"SELECT 'a' 'b', 'c'\"d\"", "SELECT"},
      // comments
      {"-- all of them\nSELECT 1", "SELECT"},
      {"SELECT 1 -- drop", "SELECT"},
      {"SELECT 1 --\n, 2 --\tx\r\n, 3", "SELECT"},
      {"SELECT /* delete\n 'from */ 1", "SELECT"},
      {"SELECT/* x */1", "SELECT"},
      {"SELECT 1 --", "SELECT"},
      {"SELECT 1 /* a */;", "SELECT"},
      {"SELECT /* a */* FROM t", "SELECT"},
      {"SELECT REPLACE /* a */ (b, 'x', 'y')", "SELECT"},
      {"SELECT REPLACE -- a\n(b, 'x', 'y')", "SELECT"},
      {"SELECT `a``b`", "SELECT"},
      {"DEL/* x */ETE FROM t", "?"},
      {"SELECT DEL/* x */ETE FROM t", "SELECT"},
      // numbers and parameters
      {"SELECT 1, 1.5, .5, 1e5, 1.5E-3, 0x1F, -2 FROM t", "SELECT"},
      {"SELECT a FROM t WHERE b = $1 AND c = ? AND d = :name AND e = @f", "SELECT"},
      {"SELECT a::int, b->>'c', a || b, c % 2, d != e, f <> g FROM t", "SELECT"},
      {"SELECT 1\n::int", "SELECT"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sql);
    CHECK(VerbsOf(row.sql) == row.want);
  }
}

TEST_CASE("a text that databases or their clients read differently has no verbs") {
  const std::string texts[] = {
      "",
      " ",
      ";",
      "()",
      "-- x",
      "WITH",
      "WITH x",
      "1",
      "'a'",
      // it does not begin with a verb
      "xp_cmdshell 'dir'",
      "sp_who",
      "foo SELECT 1",
      "TABLE t",
      "VALUES (1)",
      "FROM t SELECT 1",
      "IF 1=1 SELECT 1",
      "{call p}",
      "\"SELECT\" 1",
      "[xp_cmdshell] 'dir'",
      "@a SELECT",
      "=SELECT 1",
      ".shell rm",
      "END",
      "(xp_cmdshell)",
      "REPLACE(a, b, c)",
      "desc t",
      "source x",
      "'x' SELECT 1",
      // several statements
      "SELECT 1; DROP TABLE t",
      "SELECT 1;;",
      "; SELECT 1",
      "SELECT 1;-- x",
      "SELECT 1; /* x */",
      "SELECT 1\nGO\nxp_cmdshell 'dir'",
      "SELECT 1\r  go 5",
      "SELECT '\nGO\n'",
      "/* \nGO */ SELECT 1",
      "SELECT 1 delimiter x",
      "SELECT 1\n!!rm x",
      "SELECT 1\n  :!!rm x",
      "SELECT 1\n:r x.sql",
      "SELECT '\n!!rm x'",
      "GO",
      "!! SELECT",
      // backslashes and NUL
      "SELECT 'a\\' , 1",
      "SELECT '\\'; DROP TABLE t -- '",
      "SELECT \"\\\"",
      "SELECT 1 \\g",
      "\\! rm",
      "SELECT 1 -- \\",
      "SELECT 1\0"s,
      "SELECT '\0'"s,
      // quotes
      "SELECT 'a",
      "SELECT \"a",
      "SELECT `a",
      "SELECT [a",
      "SELECT 'a''",
      "SELECT '''a'",
      "SELECT 'a'''",
      "SELECT \"\"\"a\"",
      "SELECT ''''",
      "SELECT E'a'",
      "SELECT e'a'",
      "SELECT U&'a'",
      "SELECT U&\"a\"",
      "SELECT N'a'",
      "SELECT x'41'",
      "SELECT q'[it's]'",
      "SELECT _utf8'a'",
      "SELECT @'a'",
      "SELECT @\"a\"",
      "SELECT 1'a'",
      "SELECT a'b'",
      "SELECT $'a'",
      "SELECT &'a'",
      // names in back-quotes and brackets
      "SELECT `a b`",
      "SELECT `a-- x\n`",
      "SELECT ``",
      "SELECT `drop`",
      "SELECT `1a`",
      "SELECT `a'` , 'b`",
      "SELECT [a]]b]",
      "SELECT [a'b]",
      "SELECT ['a']",
      "SELECT a[b[1]]",
      "SELECT [drop]",
      "SELECT a[(SELECT 1)]",
      "SELECT [a--b]",
      "SELECT [1drop]",
      "SELECT a]",
      "SELECT [a;b]",
      "SELECT [a/*]",
      // dollar quotes and templates
      "SELECT $$a$$",
      "SELECT $a$ ' $a$",
      "SELECT a$b",
      "SELECT $",
      "SELECT $1a",
      "SELECT $1.5DROP",
      "SELECT $(x)",
      "SELECT $1$$",
      "SELECT {{ x }}",
      "SELECT {fn user()}",
      "SELECT }",
      // comments
      "SELECT 1 --drop",
      "SELECT 5--3",
      "SELECT 1.",
      "SELECT 1., 2",
      "SELECT go FROM t",
      "SELECT `1`",
      "SELECT `go`",
      "SELECT [go]",
      "SELECT\r:!!rm",
      "SELECT 1 ---  x",
      "SELECT 1 # x",
      "#",
      "# SELECT",
      "SELECT a #> b",
      "SELECT 1 /*! , 2 */",
      "SELECT 1 /*!50000 , 2 */",
      "SELECT /*+ x */ 1",
      "SELECT /*M! 1 */ 2",
      "SELECT /**/ 1",
      "SELECT/*x*/1",
      "SELECT /* /* */ */ 1",
      "SELECT /* a /* b */ 1",
      "SELECT /* a /*/ 1",
      "SELECT 1 /* /*/ , ' */ */ DROP TABLE t --'",
      "SELECT /* a",
      "SELECT /*/ 1 */",
      "SELECT 1 */ 2",
      "SELECT 2*/* x */3",
      "SELECT 1 -- a; DROP TABLE t",
      "SELECT 1 /* ; DROP TABLE t; */",
      "SELECT 1 -- a\r, 2\n",
      "SELECT /* a\rb */ 1",
      "SELECT 1 // x",
      "SELECT 1 -- \u2028 x",
      "SELECT 1 -- \v",
      "SELECT 1 --+ x",
      "SELECT /* \u00E9 */ 1",
      "SELECT 1 -- a\r",
      // numbers with a word behind them
      "SELECT 1DROP TABLE t",
      "SELECT 1e5DROP",
      "SELECT 1eDROP",
      "SELECT 0xDROP",
      "SELECT 0x",
      "SELECT 0X1F",
      "SELECT 5.e3DROP TABLE t",
      "SELECT 5.DROP",
      "SELECT .5DROP",
      "SELECT 1_000",
      "SELECT 1.2.3",
      "SELECT 1..2",
      "SELECT a.5e3DROP",
      "SELECT @1DROP",
      "SELECT ?1DROP",
      "SELECT 1e",
      "SELECT 1e+",
      "SELECT 1e+DROP",
      "SELECT 1$a$",
      "SELECT 1@a",
      "SELECT 1#a",
      "SELECT 0x1FDROP",
      "SELECT 1union select 2",
      "SELECT 1.e5.x",
      // beyond ASCII and control characters
      "SELECT \u00E9 FROM t",
      "\uFEFFSELECT 1",
      "SELECT\u00A01",
      "SELECT\v1",
      "SELECT\f1",
      "SELECT 1\x7F",
      "SELECT 1\x01",
      "\uFF33ELECT 1",
      "SELECT 1\uFF1B DROP TABLE t",
      "SELECT\b 1",
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    CHECK(VerbsOf(text) == "?");
  }
}

TEST_CASE("a statement has at most so many verbs") {
  std::string sql = "SELECT";
  for (std::size_t i = 1; i < kListElementsMax; ++i) sql += " SELECT";
  CHECK(ReadSqlVerbs(sql)->size == kListElementsMax);
  CHECK_FALSE(ReadSqlVerbs(sql + " SELECT").has_value());
  // The INTO that is not reported does not count either.
  CHECK(ReadSqlVerbs("INSERT INTO t VALUES (1)")->size == 1);
}

TEST_CASE("every verb of the list is found") {
  for (const char* verb : {
#define SQL_VERB(name) #name,
#include "runtime/value/sql_verbs.def"
#undef SQL_VERB
       }) {
    CAPTURE(verb);
    CHECK(VerbsOf(verb) == verb);
    CHECK(VerbsOf("SELECT 1 "s + verb) == "SELECT "s + verb);
    CHECK(VerbsOf("SELECT 1 "s + verb + "x") == "SELECT");
    CHECK(VerbsOf("SELECT 1 x"s + verb) == "SELECT");
  }
}

}  // namespace
}  // namespace policy
