// The text form as PEGTL rules: the grammar of the language, from words to a file. Pure: what the
// author is told where a rule fails is in policy_text_expectations.h, what the tree keeps is in
// text_nodes.def, and what it means is the builders' to say.
//
// Factored so that the first word decides: nothing that can be long is read twice. Once a rule is
// begun, must<> says what has to follow, so a mistake is reported where it stands. Spaces and
// comments belong to the token before them. What the language forbids but a reader understands
// (`and` beside `or`, chained comparisons, clauses out of order) is read here and refused by the
// builders, who know what was meant.
#ifndef GRAMMAR_POLICY_TEXT_GRAMMAR_H_
#define GRAMMAR_POLICY_TEXT_GRAMMAR_H_

#include <cstddef>
#include <tao/pegtl.hpp>
#include <utility>

#include "grammar/json_grammar.h"
#include "grammar/keywords.h"
#include "grammar/text_scanner.h"

namespace policy::text_grammar {

namespace peg = tao::pegtl;

// --- Between tokens.

struct Comment : peg::seq<peg::two<'/'>, peg::star<peg::not_one<'\r', '\n'>>> {};
struct Space : peg::star<peg::sor<peg::plus<peg::one<' ', '\t', '\r', '\n'>>, Comment>> {};

// --- Words and signs.

template <std::size_t kSize>
struct Spelling {
  char text[kSize]{};
  consteval Spelling(const char (&spelling)[kSize]) {  // NOLINT: a spelling is its literal
    for (std::size_t i = 0; i < kSize; ++i) text[i] = spelling[i];
  }
};
template <Spelling kText, typename = std::make_index_sequence<sizeof(kText.text) - 1>>
struct Spelled;
template <Spelling kText, std::size_t... kIndex>
struct Spelled<kText, std::index_sequence<kIndex...>> : peg::string<kText.text[kIndex]...> {};

template <Spelling kText>
struct Sign : peg::seq<Spelled<kText>, Space> {};
template <Spelling kText>
struct Key : peg::seq<Spelled<kText>, peg::not_at<peg::identifier_other>, Space> {};

// Any word, keywords too; without the space behind it.
struct Word : peg::identifier {};
struct Reserved {
  using rule_t = Reserved;
  using subs_t = peg::empty_list;
  template <typename Input>
  static bool match(Input& in) {
    std::size_t size = 0;
    while (size < in.size() && IsNameCharacter(in.peek_char(size))) ++size;
    if (!IsKeyword({in.current(), size})) return false;
    in.bump_in_this_line(size);
    return true;
  }
};
struct Identifier : peg::seq<peg::not_at<Reserved>, Word> {};

// --- Literals.

struct RawClosingQuote : peg::one<'"'> {};
struct RawPlain : peg::utf8::not_one<'"', '\n', '\r'> {};
struct String : json_grammar::StringText {};
struct RawString : peg::seq<Spelled<"r\"">, peg::star<RawPlain>, peg::must<RawClosingQuote>> {};
struct Duration : peg::seq<peg::plus<peg::digit>, peg::one<'s', 'm', 'h', 'd'>,
                           peg::not_at<peg::identifier_other>> {};
struct NumberStops : peg::not_at<peg::identifier_other> {};
struct Number : peg::seq<json_grammar::Number, peg::must<NumberStops>> {};
struct NullLiteral : Key<"null"> {};
struct TrueLiteral : Key<"true"> {};
struct FalseLiteral : Key<"false"> {};

struct TextLiteral : peg::seq<peg::sor<String, RawString>, Space> {};
struct Literal : peg::sor<TextLiteral, peg::seq<Duration, Space>, peg::seq<Number, Space>,
                          NullLiteral, TrueLiteral, FalseLiteral> {};

struct Name : peg::seq<peg::sor<Identifier, String>, Space> {};
struct Pattern : peg::seq<peg::sor<Identifier, String>, Space> {};
struct Text : peg::seq<String, Space> {};

struct Comma : Sign<","> {};
template <typename Item>
struct CommaSeparated : peg::seq<peg::must<Item>, peg::star<Comma, peg::must<Item>>> {};

// [1, 2, 3,]
struct ListItem : peg::seq<Literal> {};
struct ListItemEnd : peg::sor<Comma, peg::at<peg::one<']'>>> {};
struct List
    : peg::seq<Sign<"[">, peg::until<Sign<"]">, peg::must<ListItem>, peg::must<ListItemEnd>>> {};

// --- Expressions, the loosest last.

struct Junction;
struct Negation;

// What is deeper by one. Only here does the grammar recurse.
struct TooDeep : peg::failure {};
template <typename Rule>
struct Nested {
  using rule_t = Nested;
  using subs_t = peg::type_list<Rule, TooDeep>;
  template <peg::apply_mode kApply, peg::rewind_mode kRewind, template <typename...> class Action,
            template <typename...> class Control, typename Input, typename State>
  static bool match(Input& in, State& state) {
    if (!state.Enter()) {
      state.FailAt(in.byte());
      Control<TooDeep>::raise(in, state);
    }
    const bool is_match =
        Control<Rule>::template match<kApply, kRewind, Action, Control>(in, state);
    state.Leave();
    return is_match;
  }
};
struct Expression : Nested<Junction> {};

// args.a.b, args.items[0], args["odd key"]
struct ArgumentsRoot : peg::seq<Spelled<"args">, peg::not_at<peg::identifier_other>,
                                peg::not_at<Space, peg::sor<Key<"only">, Key<"any">>>> {};
struct ToolRoot : peg::seq<Spelled<"tool">, peg::at<peg::one<'.', '['>>> {};
struct PathRoot : peg::sor<Identifier, ArgumentsRoot, ToolRoot> {};
struct PathMember : peg::seq<Word> {};
struct PathIndex : peg::seq<peg::plus<peg::digit>> {};
struct PathKey : peg::sor<String, PathIndex> {};
struct PathKeyEnd : peg::one<']'> {};
struct PathStep : peg::sor<peg::if_must<peg::one<'.'>, PathMember>,
                           peg::if_must<peg::one<'['>, PathKey, PathKeyEnd>> {};
struct Path : peg::seq<PathRoot, peg::star<PathStep>, Space> {};
struct AbsentLiteral : peg::seq<Literal> {};
struct OrElse : peg::seq<Path, peg::opt<peg::if_must<Sign<"??">, AbsentLiteral>>> {};

struct HasPath : peg::seq<Path> {};
struct Has : peg::if_must<Key<"has">, HasPath> {};

// length(args.to), words(args.command)[0]
struct FunctionName : peg::seq<Identifier, peg::at<Space, peg::one<'('>>> {};
struct CallArgument : peg::seq<Expression> {};
struct CallArgumentEnd : peg::sor<Comma, peg::at<peg::one<')'>>> {};
struct Call
    : peg::seq<FunctionName, Space, Sign<"(">,
               peg::until<peg::one<')'>, peg::must<CallArgument>, peg::must<CallArgumentEnd>>,
               peg::star<PathStep>, Space> {};

struct InnerExpression : peg::seq<Expression> {};
struct ParenthesisEnd : Sign<")"> {};
struct Parenthesised : peg::if_must<Sign<"(">, InnerExpression, ParenthesisEnd> {};

// Parts that the language keeps words for: count(tool, within 1d), before get_order(…), fact
// owner(…)
struct NotBuilt : peg::failure {};
struct LaterExpression : peg::sor<peg::seq<Spelled<"count">, peg::at<Space, peg::one<'('>>>,
                                  Key<"before">, Key<"fact">> {};

// any r in args.to: BODY
struct Value;
struct QuantifierWord : peg::sor<Key<"any">, Key<"all">, Key<"count">> {};
struct Variable : peg::seq<Identifier, Space> {};
struct InWord : Key<"in"> {};
struct QuantifierList : Nested<Value> {};
struct QuantifierColon : Sign<":"> {};
struct QuantifierBody : Nested<Negation> {};
struct Quantifier : peg::if_must<QuantifierWord, Variable, InWord, QuantifierList, QuantifierColon,
                                 QuantifierBody> {};

struct Primary : peg::sor<Parenthesised, peg::seq<LaterExpression, peg::must<NotBuilt>>, Quantifier,
                          Has, TextLiteral, Call, OrElse, Literal, List> {};

struct Operand : peg::seq<Primary> {};
struct Product : peg::seq<Primary, peg::star<Sign<"*">, peg::must<Operand>>> {};
struct SumSign : peg::one<'+', '-'> {};
struct SumOperand : peg::seq<Product> {};
struct Sum : peg::seq<Product, peg::star<SumSign, Space, peg::must<SumOperand>>> {};
struct Value : peg::seq<Sum> {};

struct ComparisonOperator
    : peg::sor<peg::seq<Spelled<"==">, peg::not_at<peg::one<'='>>, Space>,
               peg::seq<Spelled<"!=">, peg::not_at<peg::one<'='>>, Space>, Sign<"<=">, Sign<">=">,
               peg::seq<peg::one<'<'>, peg::not_at<peg::one<'>'>>, Space>, Sign<">">, Key<"in">,
               peg::seq<Key<"not">, Key<"in">>, Key<"matches">, Key<"like">, Key<"contains">,
               Key<"starts_with">, Key<"ends_with">, Key<"under">, Key<"host_in">> {};
struct IsNull : Key<"null"> {};
struct IsNotNull : peg::seq<Key<"not">, Key<"null">> {};
struct NullTest : peg::sor<IsNull, IsNotNull> {};
struct ComparisonOperand : peg::seq<Value> {};
struct ComparisonEnd : peg::sor<peg::if_must<Key<"is">, NullTest>,
                                peg::if_must<ComparisonOperator, ComparisonOperand>> {};
struct Comparison : peg::seq<Value, peg::star<ComparisonEnd>> {};

struct NotWord : Key<"not"> {};
struct NegatedCondition : peg::seq<Comparison> {};
struct Negation : peg::sor<peg::seq<peg::plus<NotWord>, peg::must<NegatedCondition>>, Comparison> {
};

struct AndWord : Key<"and"> {};
struct OrWord : Key<"or"> {};
struct JunctionOperand : peg::seq<Negation> {};
struct Junction
    : peg::seq<Negation, peg::star<peg::sor<AndWord, OrWord>, peg::must<JunctionOperand>>> {};

struct Condition : peg::seq<Expression> {};

// --- Counters: 500.00 per day each grant on error refund, 30 per minute sliding, 4 at once

struct CounterName : peg::seq<Name> {};
struct CounterEquals : peg::seq<peg::one<'='>, peg::not_at<peg::one<'='>>, Space> {};
struct CounterAmount : peg::seq<Number, Space> {};
struct Window : peg::sor<Key<"second">, Key<"minute">, Key<"hour">, Key<"day">, Key<"week">,
                         Key<"month">, Key<"lifetime">, peg::seq<Duration, Space>> {};
struct OnceWord : Key<"once"> {};
struct BurstAmount : peg::seq<Number, Space> {};
struct AtOnce : peg::if_must<Key<"at">, OnceWord> {};
struct KindTerm
    : peg::sor<Key<"sliding">,
               peg::seq<Key<"bucket">, peg::opt<peg::if_must<Key<"burst">, BurstAmount>>>> {};
struct CounterMeasure : peg::sor<peg::if_must<Key<"per">, Window>, AtOnce> {};
struct ScalePlaces : peg::seq<Number, Space> {};
struct ScaleTerm : peg::if_must<Key<"scale">, ScalePlaces> {};
struct ScopeName
    : peg::sor<Key<"grant">, Key<"session">, Key<"tool">, Key<"server">, Key<"global">> {};
struct ScopePath
    : peg::seq<peg::at<peg::sor<Spelled<"args">, Spelled<"claims">>, peg::one<'.', '['>>, Path> {};
struct Scope : peg::sor<ScopePath, ScopeName> {};
struct EachTerm : peg::seq<Key<"each">, CommaSeparated<Scope>> {};
struct ErrorWord : peg::sor<Key<"keep">, Key<"refund">> {};
struct StoreErrorWord : peg::sor<Key<"deny">, Key<"allow">, Key<"local_share">> {};
struct ErrorClause : peg::seq<Key<"error">, peg::must<ErrorWord>> {};
struct StoreError : Key<"error"> {};
struct StoreErrorClause : peg::seq<Key<"store">, peg::must<StoreError, StoreErrorWord>> {};
struct OnWhat : peg::sor<ErrorClause, StoreErrorClause> {};
struct OnClause : peg::if_must<Key<"on">, OnWhat> {};
struct CounterStatement
    : peg::seq<
          peg::if_must<Key<"counter">, CounterName, CounterEquals, CounterAmount, CounterMeasure>,
          peg::star<peg::sor<AtOnce, KindTerm, ScaleTerm, EachTerm, OnClause>>> {};

// --- Statements of a tool block.

struct ArgumentName : peg::sor<Word, String> {};
struct ArgumentLabel : peg::seq<ArgumentName, Space> {};
struct ArgumentsAny : Key<"any"> {};
struct RuleName : String {};
struct NamedRule : peg::opt<RuleName, Space> {};
struct WhenClause : peg::if_must<Key<"when">, Condition> {};
struct Group : peg::seq<Text> {};
struct FromClause : peg::if_must<Key<"from">, Group> {};
struct WithinTime : peg::seq<Duration, Space> {};
struct WithinClause : peg::if_must<Key<"within">, WithinTime> {};
struct UpToWord : Key<"to"> {};
struct UpToAmount : peg::seq<Number, Space> {};
struct UpToClause : peg::if_must<Key<"up">, UpToWord, UpToAmount> {};
struct Message : peg::seq<Text> {};
struct BecauseClause : peg::if_must<Key<"because">, Message> {};
struct Clauses
    : peg::star<
          peg::sor<WhenClause, FromClause, WithinClause, UpToClause, OnClause, BecauseClause>> {};

struct ArgumentsOnly : peg::seq<Key<"only">, CommaSeparated<ArgumentLabel>, Clauses> {};
struct ArgumentsRule : peg::sor<ArgumentsAny, ArgumentsOnly> {};
struct ArgumentsStatement : peg::if_must<Key<"args">, ArgumentsRule> {};

struct Allow : peg::seq<Key<"allow">, NamedRule, Clauses> {};
struct Deny : peg::seq<Key<"deny">, NamedRule, Clauses> {};
struct Approve : peg::seq<Key<"approve">, NamedRule, Clauses> {};
// `require "admin" in grant.tags` has no name; the look ahead makes no node, as what is taken back
// would stay.
struct Compares : peg::sor<ComparisonOperator, Key<"is">> {};
struct NamedRequirement
    : peg::opt<peg::at<peg::seq<String, Space, peg::not_at<Compares>>>, RuleName, Space> {};
struct RequiredCondition : peg::seq<Condition> {};
struct Require : peg::seq<Key<"require">, NamedRequirement, peg::must<RequiredCondition>, Clauses> {
};
struct CounterReference : peg::seq<Name> {};
struct Limit : peg::seq<peg::if_must<Key<"limit">, CounterReference>, Clauses> {};
struct ChargedValue : Nested<Value> {};
struct Charge : peg::seq<peg::if_must<Key<"charge">, CounterReference, ChargedValue>, Clauses> {};

struct ToolStatement : peg::sor<Allow, Deny, Require, Approve, Limit, Charge, ArgumentsStatement> {
};

// Reads a statement; where it fails the author is told, and reading goes on behind it.
template <typename Rule, Recovery kRecovery>
struct Recovering {
  using rule_t = Recovering;
  using subs_t = peg::type_list<Rule>;
  template <peg::apply_mode kApply, peg::rewind_mode kRewind, template <typename...> class Action,
            template <typename...> class Control, typename Input, typename State>
  static bool match(Input& in, State& state) {
    const auto mark = state.SetMark(in.byte());
    try {
      return Control<Rule>::template match<kApply, kRewind, Action, Control>(in, state);
    } catch (const typename State::Mistake& mistake) {
      in.iterator() = in.begin() + state.Recover(mistake, mark, kRecovery);
      return true;
    }
  }
};

// --- Tests.

struct Record;
struct JsonList;
struct JsonValue : peg::sor<Record, JsonList, TextLiteral, peg::seq<Number, Space>, NullLiteral,
                            TrueLiteral, FalseLiteral> {};
struct JsonItem : Nested<JsonValue> {};
struct JsonList
    : peg::seq<Sign<"[">, peg::until<Sign<"]">, peg::must<JsonItem>, peg::must<ListItemEnd>>> {};
struct Label : peg::sor<Word, String> {};
struct RecordLabel : peg::seq<Label, Space> {};
struct RecordColon : Sign<":"> {};
struct RecordItemEnd : peg::sor<Comma, peg::at<peg::one<'}'>>> {};
struct Record
    : peg::seq<
          Sign<"{">,
          peg::until<Sign<"}">, peg::must<RecordLabel, RecordColon, JsonItem, RecordItemEnd>>> {};

struct ServerWord : Key<"server"> {};
struct ServerName : peg::seq<Text> {};
struct OnServer : peg::if_must<Key<"on">, ServerWord, ServerName> {};

struct CalledTool : peg::seq<Name> {};
struct CallArguments : peg::seq<Record> {};
struct GrantWord : Key<"grant"> {};
struct GrantName : peg::seq<Text> {};
struct GrantClause : peg::if_must<Key<"as">, GrantWord, GrantName> {};
struct SessionWord : Key<"session"> {};
struct SessionName : peg::seq<Text> {};
struct SessionClause : peg::if_must<Key<"in">, SessionWord, SessionName> {};
struct WithRecord : peg::seq<Record> {};
struct ClaimsClause : peg::seq<Key<"claims">, peg::must<WithRecord>> {};
struct AttributesClause : peg::seq<Key<"attributes">, peg::must<WithRecord>> {};
struct AnnotationsClause : peg::seq<Key<"annotations">, peg::must<WithRecord>> {};
struct WithWhat : peg::sor<ClaimsClause, AttributesClause, AnnotationsClause> {};
struct WithClause : peg::if_must<Key<"with">, WithWhat> {};
struct Instant : peg::seq<Text> {};
struct AtClause : peg::if_must<Key<"at">, Instant> {};
struct CallClauses
    : peg::star<peg::sor<OnServer, GrantClause, SessionClause, WithClause, AtClause>> {};
struct ExpectWord : Key<"expect"> {};
struct Outcome : peg::sor<Key<"allow">, Key<"deny">, Key<"approval">, Key<"limited">> {};
struct RuleReference : peg::seq<Text> {};
struct ByClause : peg::if_must<Key<"by">, RuleReference> {};
struct AfterWord : Key<"after"> {};
struct Milliseconds : peg::seq<Number, Space> {};
struct RetryClause : peg::if_must<Key<"retry">, AfterWord, Milliseconds> {};
struct Expectation
    : peg::seq<peg::must<ExpectWord, Outcome>,
               peg::star<peg::sor<FromClause, ByClause, BecauseClause, RetryClause>>> {};
struct TestCall
    : peg::seq<peg::if_must<Key<"call">, CalledTool, CallArguments>, CallClauses, Expectation> {};

struct TestName : peg::seq<Text> {};
struct TestOpen : Sign<"{"> {};
struct TestItem : peg::seq<TestCall> {};
struct BlockClose : Sign<"}"> {};
struct FileStatementWord
    : peg::sor<Key<"policy">, Key<"default">, Key<"zone">, Key<"use">, Key<"include">, Key<"let">,
               Key<"counter">, Key<"hide">, Key<"test">, Key<"tool">, Key<"label">, Key<"fact">,
               Key<"redact">> {};
// A block that another statement of the file breaks off was not closed.
struct BlockGoesOn : peg::not_at<peg::sor<peg::eof, FileStatementWord>> {};
struct TestBlock : peg::seq<peg::if_must<Key<"test">, TestName, TestOpen>,
                            peg::until<BlockClose, peg::must<BlockGoesOn>,
                                       Recovering<peg::must<TestItem>, Recovery::TestCall>>> {};

// --- Statements of a file.

struct PolicyName : peg::seq<Text> {};
struct PolicyStatement : peg::if_must<Key<"policy">, PolicyName> {};
struct DefaultOutcome : peg::sor<Key<"allow">, Key<"deny">> {};
struct DefaultStatement : peg::if_must<Key<"default">, DefaultOutcome> {};
struct ZoneName : peg::seq<Text> {};
struct ZoneStatement : peg::if_must<Key<"zone">, ZoneName> {};
struct ToolsWord : Key<"tools"> {};
struct ToolsFile : peg::seq<Text> {};
struct UseStatement : peg::if_must<Key<"use">, ToolsWord, ToolsFile> {};
struct IncludedFile : peg::seq<Text> {};
struct IncludeStatement : peg::if_must<Key<"include">, IncludedFile> {};
struct LetName : peg::seq<Identifier, Space> {};
struct LetEquals : peg::seq<peg::one<'='>, peg::not_at<peg::one<'='>>, Space> {};
struct LetValue : peg::sor<List, Literal> {};
struct LetStatement : peg::if_must<Key<"let">, LetName, LetEquals, LetValue> {};
struct HidePattern : peg::seq<Pattern> {};
struct HideStatement : peg::seq<Key<"hide">, CommaSeparated<HidePattern>> {};
struct LaterStatement : peg::sor<Key<"label">, Key<"fact">, Key<"redact">> {};

struct ToolPattern : peg::seq<Pattern> {};
struct ToolOpen : Sign<"{"> {};
struct ToolItem : peg::seq<ToolStatement> {};
struct ToolBlock
    : peg::seq<Key<"tool">, CommaSeparated<ToolPattern>, peg::opt<OnServer>, peg::must<ToolOpen>,
               peg::until<BlockClose, peg::must<BlockGoesOn>,
                          Recovering<peg::must<ToolItem>, Recovery::ToolStatement>>> {};

struct Statement
    : peg::sor<ToolBlock, PolicyStatement, DefaultStatement, ZoneStatement, UseStatement,
               IncludeStatement, LetStatement, CounterStatement, HideStatement, TestBlock,
               peg::seq<LaterStatement, peg::must<NotBuilt>>> {};

struct File
    : peg::seq<Space,
               peg::until<peg::eof, Recovering<peg::must<Statement>, Recovery::FileStatement>>> {};

}  // namespace policy::text_grammar

#endif  // GRAMMAR_POLICY_TEXT_GRAMMAR_H_
