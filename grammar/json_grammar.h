// JSON (RFC 8259) as PEGTL rules. Pure: what to build is in json_document.cc, what to say where a
// rule fails is in the table at the end of this file.
//
// Factored so that a rule is committed as early as JSON allows: after `{` only a key or `}` can
// come, so the failure is reported where the author went wrong and not at the start of the value.
#ifndef GRAMMAR_JSON_GRAMMAR_H_
#define GRAMMAR_JSON_GRAMMAR_H_

#include <tao/pegtl.hpp>

namespace policy::json_grammar {

namespace peg = tao::pegtl;

struct Whitespace : peg::star<peg::one<' ', '\t', '\n', '\r'>> {};

struct Null : peg::string<'n', 'u', 'l', 'l'> {};
struct True : peg::string<'t', 'r', 'u', 'e'> {};
struct False : peg::string<'f', 'a', 'l', 's', 'e'> {};

struct WholePart : peg::sor<peg::one<'0'>, peg::plus<peg::digit>> {};
struct FractionDigits : peg::plus<peg::digit> {};
struct ExponentDigits : peg::seq<peg::opt<peg::one<'+', '-'>>, peg::plus<peg::digit>> {};
struct Fraction : peg::if_must<peg::one<'.'>, FractionDigits> {};
struct Exponent : peg::if_must<peg::one<'e', 'E'>, ExponentDigits> {};
struct NumberEnd : peg::not_at<peg::digit> {};  // 012 is no number
struct Number : peg::seq<peg::opt<peg::one<'-'>>, WholePart, peg::must<NumberEnd>,
                         peg::opt<Fraction>, peg::opt<Exponent>> {};

struct UnicodeDigits : peg::rep<4, peg::xdigit> {};
struct EscapeCode : peg::sor<peg::one<'"', '\\', '/', 'b', 'f', 'n', 'r', 't'>,
                             peg::if_must<peg::one<'u'>, UnicodeDigits>> {};
struct Escape : peg::if_must<peg::one<'\\'>, EscapeCode> {};
struct Plain : peg::utf8::ranges<0x20, 0x21, 0x23, 0x5B, 0x5D, 0x10FFFF> {};
struct ClosingQuote : peg::one<'"'> {};
struct StringText
    : peg::seq<peg::one<'"'>, peg::star<peg::sor<Plain, Escape>>, peg::must<ClosingQuote>> {};
struct String : StringText {};
struct Key : StringText {};

struct Value;

struct ListOpen : peg::one<'['> {};
struct ListClose : peg::one<']'> {};
struct ListComma : peg::one<','> {};
struct Element : peg::seq<Value> {};
struct List
    : peg::seq<ListOpen, Whitespace,
               peg::sor<ListClose,
                        peg::seq<peg::must<Element>, peg::until<peg::seq<Whitespace, ListClose>,
                                                                Whitespace, peg::must<ListComma>,
                                                                Whitespace, peg::must<Element>>>>> {
};

struct RecordOpen : peg::one<'{'> {};
struct RecordClose : peg::one<'}'> {};
struct RecordComma : peg::one<','> {};
struct RecordKey : peg::seq<Key> {};
struct Colon : peg::one<':'> {};
struct MemberValue : peg::seq<Value> {};
struct Member : peg::seq<peg::must<RecordKey>, Whitespace, peg::must<Colon>, Whitespace,
                         peg::must<MemberValue>> {};
struct Record
    : peg::seq<RecordOpen, Whitespace,
               peg::sor<RecordClose,
                        peg::seq<Member, peg::until<peg::seq<Whitespace, RecordClose>, Whitespace,
                                                    peg::must<RecordComma>, Whitespace, Member>>>> {
};

struct Value : peg::sor<String, Number, Record, List, True, False, Null> {};
struct Root : peg::seq<Value> {};
struct End : peg::eof {};
struct Document : peg::seq<Whitespace, peg::must<Root>, Whitespace, peg::must<End>> {};

// What to say where a committed rule fails; a missing row does not compile.
template <typename Rule>
inline constexpr const char* kMessage = nullptr;
template <>
inline constexpr const char* kMessage<NumberEnd> = "a number does not begin with 0";
template <>
inline constexpr const char* kMessage<FractionDigits> = "a digit has to follow the point";
template <>
inline constexpr const char* kMessage<ExponentDigits> = "a digit has to follow the exponent sign";
template <>
inline constexpr const char* kMessage<UnicodeDigits> = "four hexadecimal digits have to follow \\u";
template <>
inline constexpr const char* kMessage<EscapeCode> = "there is no such escape";
template <>
inline constexpr const char* kMessage<ClosingQuote> =
    "the string is not closed; line ends and control characters have to be escaped";
template <>
inline constexpr const char* kMessage<Element> = "a value has to stand here";
template <>
inline constexpr const char* kMessage<ListComma> = "`,` or `]` has to stand here";
template <>
inline constexpr const char* kMessage<RecordComma> = "`,` or `}` has to stand here";
template <>
inline constexpr const char* kMessage<RecordKey> = "a key in double quotes has to stand here";
template <>
inline constexpr const char* kMessage<Colon> = "`:` has to follow the key";
template <>
inline constexpr const char* kMessage<MemberValue> = "a value has to follow the colon";
template <>
inline constexpr const char* kMessage<Root> = "a value has to stand here";
template <>
inline constexpr const char* kMessage<End> = "nothing may follow the value";

struct Messages {
  template <typename Rule>
  static constexpr const char* message = kMessage<Rule>;
};

template <typename Rule>
using Control = peg::must_if<Messages>::control<Rule>;

}  // namespace policy::json_grammar

#endif  // GRAMMAR_JSON_GRAMMAR_H_
