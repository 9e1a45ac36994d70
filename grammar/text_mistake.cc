#include "grammar/text_mistake.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <vector>

#include "grammar/keywords.h"
#include "grammar/limits.h"
#include "grammar/shared_reports.h"
#include "grammar/text_scanner.h"
#include "runtime/value/suggestion.h"
#include "runtime/value/utf8.h"

namespace policy {

namespace {

using std::string_view_literals::operator""sv;

constexpr std::array kFileWords = {"policy"sv, "default"sv, "zone"sv, "use"sv,  "include"sv,
                                   "let"sv,    "counter"sv, "tool"sv, "hide"sv, "test"sv};
// What goes on with a rule counts too: a misspelt `because` stands where a rule can begin.
constexpr std::array kToolWords = {
    "allow"sv,       "deny"sv,      "require"sv, "approve"sv, "limit"sv,   "charge"sv,
    "args"sv,        "when"sv,      "from"sv,    "within"sv,  "because"sv, "up"sv,
    "on"sv,          "and"sv,       "or"sv,      "in"sv,      "matches"sv, "contains"sv,
    "starts_with"sv, "ends_with"sv, "under"sv,   "host_in"sv, "like"sv};
constexpr std::array kToolRules = {"allow"sv, "deny"sv,   "require"sv, "approve"sv,
                                   "limit"sv, "charge"sv, "args"sv};

// Operators of other languages.
constexpr std::pair<std::string_view, std::string_view> kForeignOperators[] = {
    {"=", "=="},   {"===", "=="}, {"!==", "!="}, {"<>", "!="}, {"=<", "<="},      {"=>", ">="},
    {"&&", "and"}, {"&", "and"},  {"||", "or"},  {"|", "or"},  {"=~", "matches"}, {"!", "not"},
};

constexpr std::pair<std::string_view, std::string_view> kForeignQuotes[] = {
    {"'", "'"}, {"`", "`"}, {"“", "”"}, {"”", "”"}, {"‘", "’"}, {"’", "’"}, {"„", "“"}, {"«", "»"},
};

std::vector<std::string_view> Split(std::string_view words) {
  std::vector<std::string_view> result;
  while (!words.empty()) {
    const std::size_t comma = std::min(words.find(','), words.size());
    result.push_back(words.substr(0, comma));
    words.remove_prefix(std::min(comma + 1, words.size()));
  }
  return result;
}

// One mistake and the token at its place.
struct Place {
  const TextInput& input;
  std::string_view text;
  std::size_t begin;  // of the statement
  std::size_t offset;
  const Expected& expected;
  TextToken token;

  std::string_view word() const { return text.substr(token.begin, token.end - token.begin); }
  Span span() const {
    // At the end of the file there is nothing to mark; its last character has to do.
    return input.SpanOf(token.begin, token.end);
  }
  bool is_statement() const {
    return expected.sort == Expected::Sort::FileStatement ||
           expected.sort == Expected::Sort::ToolStatement;
  }
};

bool ReportForeignQuotes(const Place& place) {
  for (const auto& [open, close] : kForeignQuotes) {
    if (place.word() != open) continue;
    const std::string_view rest = place.text.substr(place.token.end);
    const std::string_view line = rest.substr(0, rest.find('\n'));
    const std::size_t end = line.find(close);
    const bool is_closed = end != std::string_view::npos;
    const std::size_t past = is_closed ? place.token.end + end + close.size() : place.token.end;
    const Span span = place.input.SpanOf(place.token.begin, past);
    auto report = place.input.diagnostics.Report(diag::ForeignQuotes, place.input.root, span, open);
    report.Help("write \"…\"");
    if (is_closed && line.substr(0, end).find_first_of("\"\\") == std::string_view::npos) {
      report.Replace(span, fmt::format("\"{}\"", line.substr(0, end)));
    }
    return true;
  }
  return false;
}

bool ReportForeignOperator(const Place& place) {
  for (const auto& [foreign, ours] : kForeignOperators) {
    if (place.word() != foreign) continue;
    const bool is_tight =
        ours.back() >= 'a' && place.token.end < place.text.size() &&
        (IsNameCharacter(place.text[place.token.end]) || place.text[place.token.end] == '"' ||
         place.text[place.token.end] == '(');
    const bool follows_tight = ours.back() >= 'a' && place.token.begin > 0 &&
                               IsNameCharacter(place.text[place.token.begin - 1]);
    place.input.diagnostics
        .Report(diag::ForeignOperator, place.input.root, place.span(), foreign, ours)
        .Replace(place.span(),
                 fmt::format("{}{}{}", follows_tight ? " " : "", ours, is_tight ? " " : ""));
    return true;
  }
  return false;
}

// Whether an operator could stand at the place: behind a value, not where a value has to begin.
bool CanBeOperator(const Place& place) {
  const std::string_view what = place.expected.what;
  if (place.word() == "!") {
    return what.find("condition") != std::string_view::npos ||
           what.find("value") != std::string_view::npos;
  }
  return place.expected.sort == Expected::Sort::ToolStatement || what == "`)`" ||
         what == "`,` or `)`" || what.starts_with("`:` before") ||
         (place.word() == "=" && what == "a value to compare with");
}

// send_* is a pattern, and no word.
bool ReportUnquotedPattern(const Place& place) {
  const bool is_name = place.expected.sort == Expected::Sort::Name ||
                       std::string_view(place.expected.what).starts_with("`{` and the rules");
  constexpr std::string_view kOdd = "*-./:?";
  // `hide send_*`: the statement is whole without the star, which begins none.
  const bool is_glued = place.is_statement() && place.token.begin > 0 &&
                        IsNameCharacter(place.text[place.token.begin - 1]);
  if (!(is_name || is_glued) || place.token.kind != TextToken::Kind::Sign ||
      kOdd.find(place.word().front()) == std::string_view::npos) {
    return false;
  }
  const auto belongs = [&](char c) { return IsNameCharacter(c) || kOdd.contains(c); };
  std::size_t begin = place.token.begin;
  std::size_t end = place.token.end;
  const std::size_t begin_min = is_glued ? 0 : place.begin;
  while (begin > begin_min && belongs(place.text[begin - 1])) --begin;
  while (end < place.text.size() && belongs(place.text[end])) ++end;
  const Span span = place.input.SpanOf(begin, end);
  const std::string_view pattern = place.text.substr(begin, end - begin);
  place.input.diagnostics.Report(diag::UnquotedName, place.input.root, span, pattern)
      .Replace(span, fmt::format("\"{}\"", pattern));
  return true;
}

bool ReportKeywordAsName(const Place& place) {
  const bool is_name =
      place.expected.sort == Expected::Sort::Name || place.expected.sort == Expected::Sort::Word;
  // On another line it begins the next statement, and the name is missing.
  const std::string_view between = place.text.substr(0, place.token.begin);
  const std::size_t line_end = between.find_last_not_of(" \t\r\n");
  const bool is_alone =
      line_end != std::string_view::npos && between.substr(line_end).contains('\n');
  if (!is_name || is_alone || !IsKeyword(place.word())) return false;
  auto report = place.input.diagnostics.Report(diag::KeywordAsName, place.input.root, place.span(),
                                               place.word());
  if (place.expected.sort == Expected::Sort::Name) {
    const std::string quoted = fmt::format("\"{}\"", place.word());
    report.Help(fmt::format("as a name it stands in quotes: `{}`", quoted))
        .Replace(place.span(), quoted);
  } else {
    report.Help("choose another name");
  }
  return true;
}

std::string_view ReportUnknownStatement(const Place& place) {
  const bool is_file = place.expected.sort == Expected::Sort::FileStatement;
  std::string_view meant;
  auto report = place.input.diagnostics.Report(
      diag::UnknownStatement, place.input.root, place.span(),
      place.token.kind == TextToken::Kind::End ? "the end of the file" : place.word(),
      is_file ? "statement" : "rule of a tool block");
  const std::span<const std::string_view> known =
      is_file ? std::span<const std::string_view>(kFileWords) : kToolWords;
  // Not optional: g++ 12 takes what is within for uninitialized.
  Suggestion nearest;
  if (place.token.kind == TextToken::Kind::Word) {
    nearest = NearestWord(place.word(), known).value_or(Suggestion{});
  }
  if (is_file && std::ranges::find(kToolRules, place.word()) != kToolRules.end()) {
    report.Help(fmt::format("`{}` stands in a tool block: `tool NAME {{ … }}`", place.word()));
  } else if (!nearest.word.empty() && nearest.word != place.word()) {
    meant = nearest.word;
    report.Help(fmt::format("did you mean `{}`?", meant));
    if (nearest.is_plain) report.Replace(place.span(), std::string(meant));
  } else if (place.word() == "}") {
    report.Help("no `{` is open here");
  } else if (place.word() == "??") {
    report.Help("`??` stands behind a path and takes a literal");
  } else if (place.word() == "not") {
    report.Help("`not` stands before what it denies: `not (a contains b)`");
  } else {
    report.Help(
        fmt::format("known are {}", is_file ? Enumerate(kFileWords) : Enumerate(kToolRules)));
  }
  return meant;
}

void ReportOpenBrace(const Place& place) {
  std::size_t at = place.begin;
  TextToken token = ScanToken(place.text, at);
  while (token.kind != TextToken::Kind::End && place.text[token.begin] != '{') {
    token = ScanToken(place.text, token.end);
  }
  place.input.diagnostics
      .Report(diag::OpenBrace, place.input.root, place.input.SpanOf(token.begin, token.end))
      .Note(place.span(), "`}` is missed before this")
      .Help("close the block with `}`");
}

void ReportOpenString(const Place& place) {
  // The string begins at the last quote of its line before the place.
  const std::string_view before = place.text.substr(0, place.offset);
  const std::size_t line = before.rfind('\n') + 1;
  std::size_t quote = line;
  for (TextToken token = ScanToken(place.text, line); token.begin < place.offset;
       token = ScanToken(place.text, token.end)) {
    if (token.kind == TextToken::Kind::String) quote = token.begin;
    if (token.kind == TextToken::Kind::End) break;
  }
  place.input.diagnostics
      .Report(diag::OpenString, place.input.root, place.input.SpanOf(quote, place.offset))
      .Help("close it with `\"`; a line end inside is written \\n");
}

void ReportBadNumber(const Place& place) {
  constexpr std::string_view kParts = "0123456789.+-eE";
  std::size_t begin = place.offset;
  while (begin > place.begin && kParts.contains(place.text[begin - 1])) --begin;
  std::size_t end = place.offset;
  while (end < place.text.size() && (IsNameCharacter(place.text[end]) || place.text[end] == '.')) {
    ++end;
  }
  place.input.diagnostics.Report(diag::BadNumber, place.input.root, place.input.SpanOf(begin, end),
                                 place.text.substr(begin, end - begin), place.expected.what);
}

void ReportBadEscape(const Place& place) {
  const std::size_t begin = place.text.rfind('\\', place.offset);
  // The backslash and the whole character behind it, where there is one on its line.
  std::size_t end = begin + 1;
  if (end < place.text.size() && place.text[end] != '\n' && place.text[end] != '\r') {
    end += Utf8SequenceSize(place.text.substr(end));
  }
  place.input.diagnostics
      .Report(diag::BadEscape, place.input.root, place.input.SpanOf(begin, end),
              place.text.substr(begin, end - begin))
      .Help(fmt::format("known are {}; a backslash alone is `\\\\`, and r\"…\" has no escapes",
                        "`\\\"`, `\\\\`, `\\/`, `\\b`, `\\f`, `\\n`, `\\r`, `\\t` and `\\u` with "
                        "four hexadecimal digits"));
}

// The word before the place is the part that is not built.
void ReportLaterPart(const Place& place) {
  std::size_t end = place.offset;
  while (end > place.begin && !IsNameCharacter(place.text[end - 1])) --end;
  std::size_t begin = end;
  while (begin > place.begin && IsNameCharacter(place.text[begin - 1])) --begin;
  const std::string_view word = place.text.substr(begin, end - begin);
  ReportNotBuiltYet(place.input.root, place.input.diagnostics, place.input.SpanOf(begin, end),
                    word == "count" ? "`count` over the calls before" : fmt::format("`{}`", word));
}

void ReportUnexpected(const Place& place) {
  auto report =
      place.input.diagnostics.Report(diag::UnexpectedToken, place.input.root, place.span(),
                                     place.expected.what, Describe(place.text, place.token));
  const std::vector<std::string_view> words = Split(place.expected.words);
  if (place.token.kind == TextToken::Kind::Word) {
    if (const auto nearest = NearestWord(place.word(), words)) {
      report.Help(fmt::format("did you mean `{}`?", nearest->word));
      if (nearest->is_plain) report.Replace(place.span(), std::string(nearest->word));
    } else if (std::string_view(place.expected.what).find("double quotes") !=
                   std::string_view::npos ||
               std::string_view(place.expected.what).find("literal") != std::string_view::npos) {
      report.Help(fmt::format("a string stands in double quotes: \"{}\"", place.word()));
    }
  }
}

}  // namespace

ReportedMistake ReportMistake(const TextInput& input, std::size_t begin, std::size_t offset,
                              const Expected& expected) {
  const std::string_view text = input.source.text();
  const Place place{input, text, begin, offset, expected, ScanToken(text, offset)};
  ReportedMistake reported{.meant = "", .past = offset};
  switch (expected.sort) {
    case Expected::Sort::OpenString:
      ReportOpenString(place);
      break;
    case Expected::Sort::OpenBrace:
      ReportOpenBrace(place);
      break;
    case Expected::Sort::Escape:
      ReportBadEscape(place);
      break;
    case Expected::Sort::Number:
      ReportBadNumber(place);
      break;
    case Expected::Sort::NotBuilt:
      ReportLaterPart(place);
      break;
    case Expected::Sort::TooDeep:
      input.diagnostics.Report(diag::ExpressionTooDeep, input.root, place.span(),
                               kExpressionDepthMax);
      break;
    default:
      if (ReportKeywordAsName(place)) {
        reported.past = place.token.end;
      } else if (!ReportForeignQuotes(place) && !ReportUnquotedPattern(place) &&
                 !(CanBeOperator(place) && ReportForeignOperator(place))) {
        if (place.is_statement()) {
          reported.meant = ReportUnknownStatement(place);
        } else {
          ReportUnexpected(place);
        }
      }
  }
  return reported;
}

void ReportGivenTwice(const TextInput& input, Span span, Span first, std::string_view what) {
  input.diagnostics.Report(diag::GivenTwice, input.root, span, what)
      .Note(first, "first here")
      .Help("keep one");
}

}  // namespace policy
