#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "grammar/limits.h"
#include "grammar/policy_json_parts.h"
#include "grammar/shared_reports.h"

namespace policy {

namespace {

using json::Kind;
using std::string_view_literals::operator""sv;

constexpr std::array kLimitKeys = {"counter"sv,  "window"sv,        "max"sv,       "scope"sv,
                                   "cost"sv,     "scale"sv,         "algorithm"sv, "burst"sv,
                                   "on_error"sv, "on_store_error"sv};
constexpr std::array kRateLimitKeys = {"max"sv, "window"sv};
constexpr std::array kWindows = {"second"sv, "minute"sv, "hour"sv,    "day"sv,
                                 "week"sv,   "month"sv,  "lifetime"sv};
constexpr std::array kScopes = {"grant"sv, "session"sv, "tool"sv, "server"sv, "global"sv};
constexpr std::array kAlgorithms = {"fixed"sv, "sliding"sv, "bucket"sv, "concurrency"sv};
constexpr std::array kOnError = {"keep"sv, "refund"sv};
constexpr std::array kOnStoreError = {"deny"sv, "local_share"sv, "allow"sv};
constexpr std::array kScopeRecordKeys = {"claim"sv, "arg"sv};
constexpr std::array kCostRecordKeys = {"length"sv};

constexpr std::uint64_t kRateMax = 1'000'000'000'000;

ast::Window WindowOfSeconds(std::uint32_t seconds, ast::Word written) {
  return {ast::WindowKind::Seconds, seconds, std::move(written)};
}

ast::Window WindowOfWord(std::size_t word, ast::Word written) {
  switch (word) {
    case 0:
      return WindowOfSeconds(1, std::move(written));
    case 1:
      return WindowOfSeconds(60, std::move(written));
    case 2:
      return WindowOfSeconds(3600, std::move(written));
    case 3:
      return {ast::WindowKind::Day, 0, std::move(written)};
    case 4:
      return {ast::WindowKind::Week, 0, std::move(written)};
    case 5:
      return {ast::WindowKind::Month, 0, std::move(written)};
    default:
      return {ast::WindowKind::Lifetime, 0, std::move(written)};
  }
}

std::optional<ast::Window> ReadWindow(JsonInput input, const json::Value& value) {
  if (value.kind == Kind::Number) {
    const auto seconds = ReadWholeNumber(input, value, "window", {1, kWindowSecondsMax});
    if (!seconds) return std::nullopt;
    return WindowOfSeconds(static_cast<std::uint32_t>(*seconds), {value.text, value.span});
  }
  if (value.kind != Kind::String) {
    ReportWrongType(input, value, "window", "the name of a window or whole seconds");
    return std::nullopt;
  }
  const auto word = ReadWord(input, value, "window", "a window", kWindows);
  if (!word) return std::nullopt;
  return WindowOfWord(*word, {value.text, value.span});
}

std::optional<ast::Scope> ReadScope(JsonInput input, const json::Value& value) {
  if (value.kind == Kind::String) {
    const auto word = ReadWord(input, value, "scope", "a scope", kScopes);
    if (!word) return std::nullopt;
    return ast::Scope{static_cast<ast::ScopeKind>(*word), {}, value.span};
  }
  if (value.kind != Kind::Record || value.members.size() != 1) {
    ReportWrongType(input, value, "scope",
                    "the name of a scope, `{\"claim\": …}`, `{\"arg\": …}` or a list of these");
    return std::nullopt;
  }
  const Fields fields(input, value, "a scope", kScopeRecordKeys);
  const json::Value* claim = fields.Find("claim");
  const json::Value* arg = fields.Find("arg");
  if (claim == nullptr && arg == nullptr) return std::nullopt;
  auto path = claim != nullptr ? ReadPath(input, *claim, "claim", "claims")
                               : ReadPath(input, *arg, "arg", "args");
  if (!path) return std::nullopt;
  return ast::Scope{ast::ScopeKind::Value, *std::move(path), value.span};
}

bool ReadScopes(JsonInput input, const json::Value& value, ast::CounterTerms& terms) {
  terms.scope_span = value.span;
  if (value.kind != Kind::List) {
    auto scope = ReadScope(input, value);
    if (!scope) return false;
    terms.scopes.push_back(*std::move(scope));
    return true;
  }
  if (value.items.empty()) {
    ReportWrongType(input, value, "scope", "at least one scope");
    return false;
  }
  if (!CheckCount(input, value, "scope", kScopesMax)) return false;
  bool is_whole = true;
  for (const json::Value& item : value.items) {
    auto scope = ReadScope(input, item);
    is_whole = is_whole && scope.has_value();
    if (scope) terms.scopes.push_back(*std::move(scope));
  }
  return is_whole;
}

// `"args.amount"`, or `{"length": "args.to"}`.
std::optional<ast::ExpressionId> ReadCost(PolicyJsonReader& reader, const json::Value& value) {
  const JsonInput input = reader.input;
  const json::Value* path_value = &value;
  if (value.kind == Kind::Record) {
    const Fields fields(input, value, "a cost", kCostRecordKeys);
    path_value = fields.Require("length");
    if (path_value == nullptr) return std::nullopt;
  } else if (value.kind != Kind::String) {
    ReportWrongType(input, value, "cost", "an `args.` path or `{\"length\": \"args.…\"}`");
    return std::nullopt;
  }
  auto path = ReadPath(input, *path_value, "cost", {});
  if (!path) return std::nullopt;
  const ast::ExpressionId path_id = reader.Add({*std::move(path), path_value->span});
  if (path_value == &value) return path_id;
  return reader.Add({ast::Call{{"length", value.span}, {path_id}}, value.span});
}

// False: an error was reported.
bool ReadAlgorithm(JsonInput input, const Fields& fields, ast::CounterTerms& terms) {
  if (const json::Value* value = fields.Find("algorithm")) {
    const auto word = ReadWord(input, *value, "algorithm", "an algorithm", kAlgorithms);
    if (!word) return false;
    terms.algorithm = static_cast<ast::Algorithm>(*word);
  }
  if (const json::Value* burst = fields.Find("burst")) {
    if (!Expect(input, *burst, Kind::Number, "burst", "a number")) return false;
    terms.burst = {burst->text, burst->span};
  }
  return true;
}

// The window of a limit, which concurrency has none of. False: an error was reported.
bool ReadMeasure(JsonInput input, const Fields& fields, ast::CounterTerms& terms) {
  if (terms.algorithm != ast::Algorithm::Concurrency) {
    const json::Value* window = fields.Require("window");
    auto read = window == nullptr ? std::nullopt : ReadWindow(input, *window);
    if (!read) return false;
    terms.window = *std::move(read);
    return true;
  }
  terms.window.kind = ast::WindowKind::Lifetime;
  const json::Value* window = fields.Find("window");
  if (window == nullptr) return true;
  ReportTermsClash(input.source, input.diagnostics, window->span, "window", "concurrency",
                   "leave `window` out: what is counted are the calls under way");
  return false;
}

void ReadErrorRules(JsonInput input, const Fields& fields, ast::CounterTerms& terms) {
  if (const json::Value* value = fields.Find("on_error")) {
    const auto word = ReadWord(input, *value, "on_error", "a rule for errors", kOnError);
    if (word) terms.on_error = static_cast<ast::OnError>(*word);
  }
  if (const json::Value* value = fields.Find("on_store_error")) {
    terms.on_store_error_span = value->span;
    const auto word =
        ReadWord(input, *value, "on_store_error", "a rule for store errors", kOnStoreError);
    if (word) terms.on_store_error = static_cast<ast::OnStoreError>(*word);
  }
}

void ReadLimit(PolicyJsonReader& reader, const json::Value& record, std::string id,
               ast::ToolBlock& block) {
  const JsonInput input = reader.input;
  const Fields fields(input, record, "a limit", kLimitKeys);
  ast::Limit limit;
  ast::CounterTerms terms;
  bool is_whole = ReadAlgorithm(input, fields, terms);
  if (const json::Value* counter = fields.Require("counter")) {
    const auto name = ReadTextWord(input, *counter, "counter");
    if (name) limit.counter = *name;
  }
  is_whole = ReadMeasure(input, fields, terms) && is_whole;
  is_whole = is_whole && CheckKind(input.source, input.diagnostics, terms);
  const json::Value* max = fields.Require("max");
  if (max != nullptr && Expect(input, *max, Kind::Number, "max", "a number")) {
    terms.max = {max->text, max->span};
  }
  if (const json::Value* scale = fields.Find("scale")) {
    terms.scale_span = scale->span;
    if (const auto places = ReadWholeNumber(input, *scale, "scale", {0, 9})) {
      terms.scale = static_cast<std::uint8_t>(*places);
    }
  }
  if (const json::Value* scope = fields.Find("scope")) {
    is_whole = ReadScopes(input, *scope, terms) && is_whole;
  }
  if (const json::Value* cost = fields.Find("cost")) {
    limit.cost = ReadCost(reader, *cost);
    is_whole = is_whole && limit.cost.has_value();
  }
  ReadErrorRules(input, fields, terms);
  if (!is_whole) return;
  limit.terms = std::move(terms);
  block.statements.push_back(
      {.id = std::move(id), .node = std::move(limit), .because = {}, .span = record.span});
}

void AddRateLimit(const json::Value& value, const std::string& pointer, ast::Limit::Form form,
                  ast::Word max, ast::Window window, ast::ToolBlock& block) {
  ast::Limit limit;
  limit.form = form;
  limit.counter = {pointer, value.span};
  ast::CounterTerms terms;
  terms.max = std::move(max);
  terms.window = std::move(window);
  limit.terms = std::move(terms);
  block.statements.push_back(
      {.id = pointer, .node = std::move(limit), .because = {}, .span = value.span});
}

// "30/minute", "30/60".
void ReadRateText(JsonInput input, const json::Value& value, const std::string& pointer,
                  ast::ToolBlock& block) {
  const std::string& text = value.text;
  const std::size_t slash = text.find('/');
  std::uint64_t max = 0;
  const char* max_end = text.data() + std::min(slash, text.size());
  const auto [stop, error] = std::from_chars(text.data(), max_end, max);
  if (slash == std::string::npos || error != std::errc() || stop != max_end || max > kRateMax) {
    input.diagnostics.Report(diag::BadRate, input.source, value.span, text)
        .Help("write a whole number, `/` and a window: `30/minute`");
    return;
  }
  json::Value window_value;
  window_value.text = text.substr(slash + 1);
  window_value.span = SpanInside(input, value, slash + 1, text.size());
  const bool is_seconds =
      !window_value.text.empty() && window_value.text[0] >= '0' && window_value.text[0] <= '9';
  window_value.kind = is_seconds ? Kind::Number : Kind::String;
  const auto window = ReadWindow(input, window_value);
  if (!window) return;
  AddRateLimit(value, pointer, ast::Limit::Form::RateText,
               {text.substr(0, slash), SpanInside(input, value, 0, slash)}, *window, block);
}

}  // namespace

std::string_view ast::NameOf(ast::Algorithm algorithm) {
  return kAlgorithms[static_cast<std::size_t>(algorithm)];
}

void ReadLimits(PolicyJsonReader& reader, const json::Value& list, const std::string& pointer,
                ast::ToolBlock& block) {
  if (!Expect(reader.input, list, Kind::List, "limits", "a list of limits")) return;
  if (!CheckCount(reader.input, list, "limits", kEntryRulesMax)) return;
  for (std::size_t i = 0; i < list.items.size(); ++i) {
    const json::Value& record = list.items[i];
    if (!Expect(reader.input, record, Kind::Record, "limits", "a list of objects")) continue;
    if (!CountRule(reader, record.span)) return;
    ReadLimit(reader, record, PointerTo(pointer, i), block);
  }
}

void ReadRateLimit(PolicyJsonReader& reader, const json::Value& value, const std::string& pointer,
                   ast::ToolBlock& block) {
  const JsonInput input = reader.input;
  if (!CountRule(reader, value.span)) return;
  if (value.kind == Kind::String) return ReadRateText(input, value, pointer, block);
  if (!Expect(input, value, Kind::Record, "rate_limit", "`{max, window}` or `\"30/minute\"`")) {
    return;
  }
  const Fields fields(input, value, "rate_limit", kRateLimitKeys);
  const json::Value* max = fields.Require("max");
  const json::Value* window_value = fields.Require("window");
  if (max == nullptr || window_value == nullptr) return;
  const auto count = ReadWholeNumber(input, *max, "max", {0, kRateMax});
  const auto window = ReadWindow(input, *window_value);
  if (!count || !window) return;
  AddRateLimit(value, pointer, ast::Limit::Form::RateRecord, {max->text, max->span}, *window,
               block);
}

}  // namespace policy
