#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "compiler/ir/access.h"
#include "compiler/resolve/pattern.h"
#include "compiler/resolve/resolution.h"
#include "grammar/written_number.h"
#include "runtime/value/glob.h"
#include "runtime/value/suggestion.h"

namespace policy {

namespace {

constexpr int kScaleMax = 9;

format::WindowKind WindowOf(ast::WindowKind kind) {
  switch (kind) {
    case ast::WindowKind::Seconds:
      return format::WindowKind::Seconds;
    case ast::WindowKind::Day:
      return format::WindowKind::Day;
    case ast::WindowKind::Week:
      return format::WindowKind::Week;
    case ast::WindowKind::Month:
      return format::WindowKind::Month;
    case ast::WindowKind::Lifetime:
      return format::WindowKind::Lifetime;
  }
  return format::WindowKind::Seconds;
}

format::Algorithm AlgorithmOf(ast::Algorithm algorithm) {
  switch (algorithm) {
    case ast::Algorithm::Fixed:
      return format::Algorithm::Fixed;
    case ast::Algorithm::Sliding:
      return format::Algorithm::Sliding;
    case ast::Algorithm::Bucket:
      return format::Algorithm::Bucket;
    case ast::Algorithm::Concurrency:
      return format::Algorithm::Concurrency;
  }
  return format::Algorithm::Fixed;
}

// A span of time has no place in the calendar: its days and weeks have one length.
std::optional<std::uint32_t> SpanSeconds(const ast::CounterTerms& terms) {
  constexpr std::uint32_t kDaySeconds = 86'400;
  const bool is_span =
      terms.algorithm == ast::Algorithm::Sliding || terms.algorithm == ast::Algorithm::Bucket;
  if (!is_span) return std::nullopt;
  if (terms.window.kind == ast::WindowKind::Day) return kDaySeconds;
  if (terms.window.kind == ast::WindowKind::Week) return 7 * kDaySeconds;
  return terms.window.seconds;
}

std::string WindowText(const ir::Counter& counter) {
  switch (counter.window) {
    case format::WindowKind::Seconds:
      return counter.window_seconds == 1 ? "1 second"
                                         : fmt::format("{} seconds", counter.window_seconds);
    case format::WindowKind::Day:
      return "day";
    case format::WindowKind::Week:
      return "week";
    case format::WindowKind::Month:
      return "month";
    case format::WindowKind::Lifetime:
      return "lifetime";
  }
  return "nothing";
}

std::string ScopeText(const Resolution& resolution, const ir::Counter& counter) {
  constexpr std::string_view kNames[] = {"grant", "session", "tool", "server", "global"};
  std::string text;
  for (const ir::Scope& scope : counter.scopes) {
    if (!text.empty()) text += ", ";
    if (scope.kind != format::ScopeKind::Slot) {
      text += kNames[static_cast<std::size_t>(scope.kind)];
      continue;
    }
    text += resolution.path_texts[ir::IndexOf(scope.path_id)];
  }
  return text;
}

// The decimals that the counter's amounts are counted with. nullopt: reported.
std::optional<std::uint8_t> ScaleOf(Resolution& resolution, const ast::CounterTerms& terms) {
  if (terms.scale) return terms.scale;
  const std::int64_t decimals = DecimalsOf(terms.max.text);
  if (decimals <= kScaleMax) return static_cast<std::uint8_t>(decimals);
  resolution.diagnostics.Report(diag::TooManyDecimals, resolution.source, terms.max.span,
                                terms.max.text, kScaleMax);
  return std::nullopt;
}

std::optional<std::int64_t> MaxOf(Resolution& resolution, const ast::Word& max, int scale) {
  const auto number = ResolveNumber(resolution, max.text, max.span);
  if (!number) return std::nullopt;
  if (number->coefficient < 0) {
    resolution.diagnostics.Report(diag::NegativeMax, resolution.source, max.span, max.text)
        .Help("0 lets nothing through");
    return std::nullopt;
  }
  const auto scaled = ToScaledInteger(*number, scale);
  if (!scaled) {
    resolution.diagnostics.Report(diag::MaxDoesNotFit, resolution.source, max.span, max.text,
                                  scale);
  }
  return scaled;
}

std::optional<std::vector<ir::Scope>> ResolveScopes(Resolution& resolution,
                                                    const std::vector<ast::Scope>& scopes) {
  std::vector<ir::Scope> resolved;
  bool is_whole = true;
  for (const ast::Scope& scope : scopes) {
    if (scope.kind != ast::ScopeKind::Value) {
      resolved.push_back({static_cast<format::ScopeKind>(scope.kind), {}});
      continue;
    }
    const auto path = ResolvePath(resolution, scope.path, scope.span);
    is_whole = is_whole && path.has_value();
    if (path) resolved.push_back({format::ScopeKind::Slot, path->path_id});
  }
  if (!is_whole) return std::nullopt;
  if (resolved.empty()) resolved.push_back({format::ScopeKind::Grant, {}});
  // One order, whatever is written first: a counter's identity and its keys are made in it, and a
  // policy whose rules were moved about has to find its counters again.
  const auto key = [&](const ir::Scope& scope) {
    const bool has_path = scope.kind == format::ScopeKind::Slot;
    return std::pair(scope.kind,
                     has_path ? std::string_view(resolution.path_texts[ir::IndexOf(scope.path_id)])
                              : std::string_view());
  };
  std::ranges::sort(resolved, {}, key);
  const auto repeated = std::ranges::unique(resolved, {}, key);
  resolved.erase(repeated.begin(), repeated.end());
  return resolved;
}

static_assert(static_cast<int>(ast::ScopeKind::Global) ==
                  static_cast<int>(format::ScopeKind::Global),
              "scope kinds but Value stand in one order");

std::string RateText(const ir::Counter& counter) {
  const auto text = [&](std::int64_t units) {
    const auto amount = ParseDecimal(fmt::format("{}e-{}", units, counter.scale));
    return amount ? ToText(*amount) : fmt::format("{}e-{}", units, counter.scale);
  };
  return fmt::format("{} with burst {}", text(counter.max), text(counter.burst));
}

// Reports the first way in which two limits disagree about the counter they share.
void CompareCounters(Resolution& resolution, const ir::Counter& first, const ir::Counter& second) {
  std::string_view what;
  std::string first_text;
  std::string second_text;
  const auto scopes_equal = [](const ir::Scope& a, const ir::Scope& b) {
    return a.kind == b.kind && a.path_id == b.path_id;
  };
  if (first.algorithm != second.algorithm) {
    what = "algorithms";
    first_text = ast::NameOf(static_cast<ast::Algorithm>(first.algorithm));
    second_text = ast::NameOf(static_cast<ast::Algorithm>(second.algorithm));
  } else if (first.window != second.window || first.window_seconds != second.window_seconds) {
    what = "windows";
    first_text = WindowText(first);
    second_text = WindowText(second);
  } else if (first.scale != second.scale) {
    what = "scales";
    first_text = fmt::format("{} decimals", first.scale);
    second_text = fmt::format("{} decimals", second.scale);
  } else if (!std::ranges::equal(first.scopes, second.scopes, scopes_equal)) {
    what = "scopes";
    first_text = ScopeText(resolution, first);
    second_text = ScopeText(resolution, second);
  } else if (first.max != second.max || first.burst != second.burst) {
    what = "rates";
    first_text = RateText(first);
    second_text = RateText(second);
  } else {
    return;
  }
  resolution.diagnostics
      .Report(diag::CounterDisagrees, resolution.source, second.span, first.name, what, first_text,
              second_text)
      .Note(first.span, "the counter is first used here")
      .Help(what == "scales" ? "write the same `scale` at each limit of the counter"
                             : "give one of them another counter name");
}

ir::CounterId AddCounter(Resolution& resolution, ir::Counter counter) {
  const auto next = static_cast<ir::CounterId>(resolution.policy.counters.size());
  const auto [entry, is_new] = resolution.counter_ids.try_emplace(counter.name, next);
  if (is_new) {
    resolution.policy.counters.push_back(std::move(counter));
  } else {
    const auto first = static_cast<std::size_t>(entry->second);
    CompareCounters(resolution, resolution.policy.counters[first], counter);
  }
  return entry->second;
}

// `length(path)`: its path. Null: the cost is none of these.
const ast::Expression* CountedPath(const Resolution& resolution, const ast::Expression& cost) {
  const auto* call = std::get_if<ast::Call>(&cost.node);
  if (call == nullptr || call->function.text != "length" || call->arguments.size() != 1) {
    return nullptr;
  }
  const ast::Expression& argument = ast::At(resolution.syntax, call->arguments[0]);
  return std::holds_alternative<ast::Path>(argument.node) ? &argument : nullptr;
}

bool CheckIsArgument(Resolution& resolution, const Term& term) {
  const ir::Path* const path = ir::PathOf(resolution.policy, term.value_id);
  if (resolution.syntax.form == ast::Form::Text || path == nullptr ||
      path->root == format::Root::Args) {
    return true;
  }
  resolution.diagnostics.Report(diag::CostNotArgument, resolution.source, term.span, term.text)
      .Help("a cost is an amount in the call: `args.amount`");
  return false;
}

bool ResolveCost(Resolution& resolution, ast::ExpressionId cost_id, ir::Limit& limit) {
  const ast::Expression& cost = ast::At(resolution.syntax, cost_id);
  if (const ast::Expression* counted = CountedPath(resolution, cost)) {
    const auto& path = std::get<ast::Path>(counted->node);
    if (!resolution.lets.contains(path.root.text)) {
      const auto resolved = ResolvePath(resolution, path, counted->span);
      if (!resolved) return false;
      limit.cost = format::CostKind::Length;
      limit.cost_value_id = ValueAt(resolution, resolved->path_id);
      Term term;
      term.value_id = limit.cost_value_id;
      term.text = resolved->text;
      term.span = counted->span;
      return CheckIsArgument(resolution, term);
    }
  }
  const auto term = ResolveTerm(resolution, cost_id);
  if (!term) return false;
  const bool is_single = term->kind == Term::Kind::Value || term->kind == Term::Kind::Constant;
  const bool is_number = term->type == ValueType::Number || term->type == ValueType::Any;
  if (!is_single || !is_number) {
    ReportFunctionOperand(resolution, "charge", "a number", *term);
    return false;
  }
  limit.cost = format::CostKind::Amount;
  limit.cost_value_id = Materialise(resolution, *term);
  return CheckIsArgument(resolution, *term);
}

// A limit of the policy with one of the patterns it stands for.
struct PlacedLimit {
  const ir::Rule* rule;
  std::string_view pattern;
  const std::optional<std::string>* server;  // of its block
};

bool CostsDiffer(const ir::Limit& a, const ir::Limit& b) {
  if (a.cost != b.cost) return true;
  return a.cost != format::CostKind::One && a.cost_value_id != b.cost_value_id;
}

bool Clash(const PlacedLimit& a, const PlacedLimit& b) {
  // One call is for one server.
  if (*a.server && *b.server && *a.server != *b.server) return false;
  return CostsDiffer(a.rule->limit, b.rule->limit) && PatternsOverlap(a.pattern, b.pattern);
}

void ReportTwoCosts(Resolution& resolution, const PlacedLimit& first, const PlacedLimit& second) {
  const auto counter = static_cast<std::size_t>(second.rule->limit.counter_id);
  resolution.diagnostics
      .Report(diag::TwoCosts, resolution.source, second.rule->span,
              resolution.policy.counters[counter].name)
      .Note(first.rule->span, "the other cost")
      .Help("one call charges a counter once: use two counters");
}

// Reports the limits of one counter that clash with one before them. Limits of many exact names are
// the usual case, so those are looked up by name and only patterns are compared with everything.
void CheckCostsOf(Resolution& resolution, const std::vector<PlacedLimit>& limits) {
  std::unordered_map<std::string_view, std::vector<const PlacedLimit*>> exact;
  std::vector<const PlacedLimit*> patterns;
  for (const PlacedLimit& limit : limits) {
    const auto clashes = [&](const PlacedLimit* other) { return Clash(*other, limit); };
    const PlacedLimit* first = nullptr;
    const auto look_in = [&](const std::vector<const PlacedLimit*>& others) {
      const auto found = std::ranges::find_if(others, clashes);
      if (first == nullptr && found != others.end()) first = *found;
    };
    look_in(patterns);
    if (IsExact(limit.pattern)) {
      look_in(exact[limit.pattern]);
      exact[limit.pattern].push_back(&limit);
    } else {
      for (const auto& [name, others] : exact) {
        if (GlobMatches(limit.pattern, name)) look_in(others);
      }
      patterns.push_back(&limit);
    }
    if (first != nullptr) ReportTwoCosts(resolution, *first, limit);
  }
}

}  // namespace

namespace {

// What the terms say of a counter and its usual max. nullopt: reported.
DeclaredCounter ResolveTerms(Resolution& resolution, const std::string& name,
                             const ast::CounterTerms& terms, Span span) {
  DeclaredCounter declared;
  const auto scale = ScaleOf(resolution, terms);
  auto scopes = ResolveScopes(resolution, terms.scopes);
  if (scale) declared.max = MaxOf(resolution, terms.max, *scale);
  if (!scale || !scopes || !declared.max) return declared;
  if (terms.burst) {
    declared.burst = MaxOf(resolution, *terms.burst, *scale);
    if (!declared.burst) return declared;
  }
  const auto span_seconds = SpanSeconds(terms);
  declared.counter = ir::Counter{
      .name = name,
      .window = span_seconds ? format::WindowKind::Seconds : WindowOf(terms.window.kind),
      .window_seconds = span_seconds.value_or(terms.window.seconds),
      .algorithm = AlgorithmOf(terms.algorithm),
      .scale = *scale,
      .scopes = *std::move(scopes),
      .span = span};
  return declared;
}

// Null: reported.
DeclaredCounter* FindCounter(Resolution& resolution, const ast::Word& name) {
  const auto found = resolution.declared_counters.find(name.text);
  if (found != resolution.declared_counters.end()) return &found->second;
  std::vector<std::string_view> names;
  for (const ast::Counter& counter : resolution.syntax.counters) {
    names.push_back(counter.name.text);
  }
  auto report =
      resolution.diagnostics.Report(diag::UnknownCounter, resolution.source, name.span, name.text);
  if (const auto meant = NearestWord(name.text, names)) {
    report.Help(fmt::format("did you mean `{}`?", meant->word));
    if (meant->is_plain) report.Replace(name.span, std::string(meant->word));
  } else {
    report.Help(fmt::format("declare it: `counter {} = 10 per day each grant`", name.text));
  }
  return nullptr;
}

}  // namespace

void ResolveCounters(Resolution& resolution) {
  for (const ast::Counter& counter : resolution.syntax.counters) {
    DeclaredCounter& declared = resolution.declared_counters.at(counter.name.text);
    if (declared.syntax != &counter) continue;  // a second one of the name: the reader's to report
    declared = ResolveTerms(resolution, counter.name.text, counter.terms, counter.span);
    declared.syntax = &counter;
  }
}

std::optional<ir::Limit> ResolveLimit(Resolution& resolution, const ast::Limit& limit, Span span) {
  // The text form declares the counter apart, policy.json at each limit.
  DeclaredCounter* declared = nullptr;
  DeclaredCounter own;
  if (limit.terms) {
    own = ResolveTerms(resolution, limit.counter.text, *limit.terms, span);
    declared = &own;
  } else {
    declared = FindCounter(resolution, limit.counter);
    if (declared == nullptr) return std::nullopt;
    declared->is_used = true;
  }
  const ast::CounterTerms& terms = limit.terms ? *limit.terms : declared->syntax->terms;
  ir::Limit resolved;
  resolved.on_error = static_cast<format::OnError>(limit.on_error.value_or(terms.on_error));
  const ast::OnStoreError on_store_error = limit.on_store_error.value_or(terms.on_store_error);
  resolved.on_store_error = static_cast<format::OnStoreError>(on_store_error);
  const bool cost_ok = !limit.cost || ResolveCost(resolution, *limit.cost, resolved);
  const bool is_lifetime =
      terms.window.kind == ast::WindowKind::Lifetime && terms.algorithm == ast::Algorithm::Fixed;
  const bool must_be_counted = is_lifetime || resolved.cost != format::CostKind::One;
  if (must_be_counted && on_store_error != ast::OnStoreError::Deny) {
    resolution.diagnostics
        .Report(diag::StoreErrorOfAmount, resolution.source,
                limit.on_store_error ? span : terms.on_store_error_span)
        .Help(fmt::format("leave `on_store_error` out: {} denied while their store cannot answer",
                          is_lifetime ? "lifetimes are" : "amounts are"));
    return std::nullopt;
  }
  if (on_store_error == ast::OnStoreError::LocalShare && terms.algorithm != ast::Algorithm::Fixed) {
    resolution.diagnostics
        .Report(diag::LocalShareOfKind, resolution.source,
                limit.on_store_error ? span : terms.on_store_error_span)
        .Help(
            "leave `on_store_error` out, or count in windows: without `sliding`, `bucket` and `at "
            "once`");
    return std::nullopt;
  }
  if (!cost_ok || !declared->counter) return std::nullopt;
  const auto max =
      limit.max ? MaxOf(resolution, *limit.max, declared->counter->scale) : declared->max;
  if (!max) return std::nullopt;
  resolved.max = *max;
  ir::Counter counter = *declared->counter;
  if (counter.algorithm == format::Algorithm::Bucket) {
    resolved.burst = declared->burst.value_or(*max);
    counter.max = resolved.max;
    counter.burst = resolved.burst;
  }
  resolved.counter_id = AddCounter(resolution, std::move(counter));
  return resolved;
}

void CheckCosts(Resolution& resolution) {
  const ir::Policy& policy = resolution.policy;
  std::vector<std::vector<PlacedLimit>> limits_of(policy.counters.size());
  for (const ir::Block& block : policy.blocks) {
    for (const ir::RuleId rule_id : block.rule_ids) {
      const ir::Rule& rule = policy.rules[static_cast<std::size_t>(rule_id)];
      if (rule.kind != format::RuleKind::Limit) continue;
      auto& limits = limits_of[static_cast<std::size_t>(rule.limit.counter_id)];
      for (const std::string& pattern : block.patterns) {
        limits.push_back({&rule, pattern, &block.server});
      }
    }
  }
  for (const auto& limits : limits_of) {
    const auto differs = [&](const PlacedLimit& limit) {
      return CostsDiffer(limits[0].rule->limit, limit.rule->limit);
    };
    if (std::ranges::any_of(limits, differs)) CheckCostsOf(resolution, limits);
  }
}

}  // namespace policy
