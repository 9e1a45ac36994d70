// What to say where a rule of the text form fails that had to match: what was expected, in the
// author's words. A missing row does not compile.
#ifndef GRAMMAR_POLICY_TEXT_EXPECTATIONS_H_
#define GRAMMAR_POLICY_TEXT_EXPECTATIONS_H_

#include "grammar/policy_text_grammar.h"
#include "grammar/text_mistake.h"

namespace policy::text_grammar {

template <typename Rule>
inline constexpr Expected kExpected{};

#define EXPECTED(rule, ...)                   \
  template <>                                 \
  inline constexpr Expected kExpected<rule> { \
    __VA_ARGS__                               \
  }

using Sort = Expected::Sort;

// Literals.
EXPECTED(json_grammar::ClosingQuote, "`\"` at the end of the string", "", Sort::OpenString);
EXPECTED(RawClosingQuote, "`\"` at the end of the string", "", Sort::OpenString);
EXPECTED(json_grammar::EscapeCode,
         "`\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` or `\\u`", "", Sort::Escape);
EXPECTED(json_grammar::UnicodeDigits, "four hexadecimal digits after `\\u`", "", Sort::Escape);
EXPECTED(json_grammar::NumberEnd, "a number does not begin with 0", "", Sort::Number);
EXPECTED(json_grammar::FractionDigits, "a digit has to follow the point", "", Sort::Number);
EXPECTED(json_grammar::ExponentDigits, "a digit has to follow the exponent sign", "", Sort::Number);
EXPECTED(NumberStops, "no letters stand in a number; a length of time is whole, with s, m, h or d",
         "", Sort::Number);
EXPECTED(ListItem, "a literal or `]`");
EXPECTED(ListItemEnd, "`,` or `]`");

// Expressions.
EXPECTED(AbsentLiteral, "a literal after `??`");
EXPECTED(HasPath, "a path after `has`");
EXPECTED(CallArgument, "a value or `)`");
EXPECTED(CallArgumentEnd, "`,` or `)`");
EXPECTED(InnerExpression, "a condition or a value after `(`");
EXPECTED(ParenthesisEnd, "`)`");
EXPECTED(Variable, "a name for the elements", "", Sort::Word);
EXPECTED(InWord, "`in` after the variable", "in");
EXPECTED(QuantifierList, "a list after `in`");
EXPECTED(QuantifierColon, "`:` before the condition of the elements");
EXPECTED(QuantifierBody, "a condition after `:`");
EXPECTED(PathMember, "a name after the dot");
EXPECTED(PathKey, "a key in double quotes or an element's number");
EXPECTED(PathKeyEnd, "`]`");
EXPECTED(Operand, "a value");
EXPECTED(SumOperand, "a value");
EXPECTED(NullTest, "`null` or `not null` after `is`", "null");
EXPECTED(ComparisonOperand, "a value to compare with");
EXPECTED(NegatedCondition, "a condition after `not`");
EXPECTED(JunctionOperand, "a condition");
EXPECTED(Condition, "a condition");
EXPECTED(TooDeep, "less", "", Sort::TooDeep);
EXPECTED(NotBuilt, "something that is built", "", Sort::NotBuilt);

// Counters.
EXPECTED(CounterName, "the counter's name", "", Sort::Name);
EXPECTED(CounterEquals, "`=` after the counter's name");
EXPECTED(CounterAmount, "a number: how much there is");
EXPECTED(CounterMeasure, "`per` and a window, or `at once`", "per");
EXPECTED(Window, "second, minute, hour, day, week, month, lifetime or a length of time",
         "second,minute,hour,day,week,month");
EXPECTED(OnceWord, "`once` after `at`", "once");
EXPECTED(BurstAmount, "a number after `burst`");
EXPECTED(ScalePlaces, "a number of decimals");
EXPECTED(Scope, "grant, session, tool, server, global or a path below `args` or `claims`",
         "grant,session,tool,server,global");
EXPECTED(ErrorWord, "`keep` or `refund`", "keep,refund");
EXPECTED(StoreErrorWord, "`deny`, `allow` or `local_share`", "deny,allow,local_share");
EXPECTED(StoreError, "`error` after `on store`", "error");
EXPECTED(OnWhat, "`error` or `store error` after `on`", "error,store");

// Statements of a tool block.
EXPECTED(ArgumentLabel, "the name of an argument");
EXPECTED(ArgumentsRule, "`only` with names, or `any`", "only,any");
EXPECTED(Group, "the group that releases, in double quotes");
EXPECTED(WithinTime, "a length of time: `10m`");
EXPECTED(UpToWord, "`to` after `up`", "to");
EXPECTED(UpToAmount, "a number");
EXPECTED(Message, "the message, in double quotes");
EXPECTED(RequiredCondition, "the condition that is required");
EXPECTED(CounterReference, "the name of a counter", "", Sort::Name);
EXPECTED(ChargedValue, "the value to charge");

// Tests.
EXPECTED(TestItem, "`call` or `}`", "call");
EXPECTED(JsonItem, "a value");
EXPECTED(RecordLabel, "a name or `}`");
EXPECTED(RecordColon, "`:` after the name");
EXPECTED(RecordItemEnd, "`,` or `}`");
EXPECTED(ServerWord, "`server` after `on`", "server");
EXPECTED(ServerName, "the server's name, in double quotes");
EXPECTED(CalledTool, "the name of the tool", "", Sort::Name);
EXPECTED(CallArguments, "the arguments: `{ … }`");
EXPECTED(GrantWord, "`grant` after `as`", "grant");
EXPECTED(GrantName, "the grant's name, in double quotes");
EXPECTED(SessionWord, "`session` after `in`", "session");
EXPECTED(SessionName, "the session's name, in double quotes");
EXPECTED(WithRecord, "a record: `{ … }`");
EXPECTED(WithWhat, "`claims`, `attributes` or `annotations`", "claims,attributes,annotations");
EXPECTED(Instant, "a time in double quotes: `\"2026-03-01T10:00:00Z\"`");
EXPECTED(ExpectWord, "`expect`", "expect");
EXPECTED(Outcome, "`allow`, `deny`, `approval` or `limited`", "allow,deny,approval,limited");
EXPECTED(RuleReference, "the id of a rule, in double quotes");
EXPECTED(AfterWord, "`after` behind `retry`", "after");
EXPECTED(Milliseconds, "a number of milliseconds");
EXPECTED(TestName, "the test's name, in double quotes");
EXPECTED(TestOpen, "`{` and the calls of the test");
EXPECTED(BlockGoesOn, "`}`", "", Sort::OpenBrace);

// Statements of a file.
EXPECTED(Statement, "a statement", "", Sort::FileStatement);
EXPECTED(PolicyName, "the policy's name, in double quotes");
EXPECTED(DefaultOutcome, "`allow` or `deny`", "allow,deny");
EXPECTED(ZoneName, "a time zone in double quotes: `\"Europe/Berlin\"`");
EXPECTED(ToolsWord, "`tools` after `use`", "tools");
EXPECTED(ToolsFile, "the name of a file, in double quotes");
EXPECTED(IncludedFile, "the name of a file, in double quotes");
EXPECTED(LetName, "a name", "", Sort::Word);
EXPECTED(LetEquals, "`=` after the name");
EXPECTED(LetValue, "a literal or a list of literals");
EXPECTED(HidePattern, "the tool to hide", "", Sort::Name);
EXPECTED(ToolPattern, "the name of a tool", "", Sort::Name);
EXPECTED(ToolOpen, "`{` and the rules of the tool");
EXPECTED(ToolItem, "a rule", "", Sort::ToolStatement);

#undef EXPECTED

}  // namespace policy::text_grammar

#endif  // GRAMMAR_POLICY_TEXT_EXPECTATIONS_H_
