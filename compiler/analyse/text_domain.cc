// Texts: what the conditions that hold fix of a text (its beginning, its end, what it contains, the
// folder or hosts it lies under), against which the others are held.
#include <re2/re2.h>

#include <algorithm>
#include <ranges>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/analyse/domain.h"
#include "compiler/analyse/regex_sample.h"
#include "runtime/value/glob.h"
#include "runtime/value/path_text.h"

namespace policy {

namespace {

using Texts = std::vector<std::string_view>;

// Members of a finite set that are tried one by one, and texts that are made up.
constexpr std::size_t kMembersTriedMax = 1'000;
constexpr std::size_t kTextsTriedMax = 400;
constexpr int kRegexPrefixBytesMax = 64;

// What a text must have.
struct Facts {
  bool is_finite = false;
  Texts members;  // is_finite: it is one of these
  Texts prefixes;
  Texts suffixes;
  Texts pieces;                                          // contained
  Texts roots;                                           // plain folders that it lies under
  std::vector<std::span<const std::string_view>> hosts;  // it is a URL of one of each
  bool is_path = false;                                  // begins with a slash
  bool is_url = false;                                   // begins with http, in any case
  std::vector<std::string> made;  // what `prefixes` refers to beside constants
};

bool IsTwoValued(Predicate predicate) {
  switch (predicate) {
    case Predicate::Exists:
    case Predicate::IsNull:
    case Predicate::EqualString:
    case Predicate::InStrings:
    case Predicate::Matches:
    case Predicate::ContainsString:
    case Predicate::StartsWith:
    case Predicate::EndsWith:
    case Predicate::Like:
      return true;
    default:
      return false;
  }
}

// What the condition can say of a text of at most kPatternSubjectBytesMax at all.
TruthSet SaidOfTexts(Predicate predicate) {
  if (predicate == Predicate::Exists) return TruthSet::True;
  if (predicate == Predicate::IsNull) return TruthSet::False;
  if (IsTwoValued(predicate)) return Without(TruthSet::Any, Truth::Unknown);
  if (predicate == Predicate::Under || predicate == Predicate::HostIn) return TruthSet::Any;
  return TruthSet::Unknown;
}

void Restrict(Facts& facts, Texts members) {
  if (!facts.is_finite || members.size() < facts.members.size()) facts.members = std::move(members);
  facts.is_finite = true;
}

void AddGlob(Facts& facts, std::string_view glob) {
  const std::size_t first = glob.find('*');
  if (first == std::string_view::npos) return Restrict(facts, {glob});
  const std::size_t last = glob.rfind('*');
  facts.prefixes.push_back(glob.substr(0, first));
  facts.suffixes.push_back(glob.substr(last + 1));
  for (std::size_t at = first; at < last;) {
    const std::size_t next = glob.find('*', at + 1);
    facts.pieces.push_back(glob.substr(at + 1, next - at - 1));
    at = next;
  }
}

// The text that every match of an expression that begins with an anchor begins with.
std::string RegexPrefix(const re2::RE2& regex) {
  const std::string_view text = regex.pattern();
  if (!text.starts_with('^') || text.contains('|')) return "";
  if (text.size() > 1 && std::string_view("*+?{").contains(text[1])) return "";
  std::string low;
  std::string high;
  if (!regex.PossibleMatchRange(&low, &high, kRegexPrefixBytesMax)) return "";
  const auto [low_end, high_end] = std::ranges::mismatch(low, high);
  return {low.begin(), low_end};
}

void AddTrue(ConditionTable& conditions, ConditionId id, Facts& facts) {
  const Condition& condition = conditions.at(id);
  const Operand& operand = condition.operand;
  switch (condition.predicate) {
    case Predicate::EqualString:
      return Restrict(facts, {operand.text});
    case Predicate::InStrings:
      if (facts.is_finite && facts.members.size() <= operand.strings.size()) return;
      return Restrict(facts, {operand.strings.begin(), operand.strings.end()});
    case Predicate::StartsWith:
      facts.prefixes.push_back(operand.text);
      return;
    case Predicate::EndsWith:
      facts.suffixes.push_back(operand.text);
      return;
    case Predicate::ContainsString:
      facts.pieces.push_back(operand.text);
      return;
    case Predicate::Like:
      return AddGlob(facts, operand.text);
    case Predicate::Under: {
      std::string_view root = operand.text;
      if (root.ends_with('/')) root.remove_suffix(1);
      facts.roots.push_back(operand.text);
      facts.prefixes.push_back(root);
      return;
    }
    case Predicate::HostIn:
      facts.hosts.push_back(operand.strings);
      return;
    case Predicate::Matches:
      if (const re2::RE2* regex = conditions.RegexOf(id); regex != nullptr && regex->ok()) {
        facts.made.push_back(RegexPrefix(*regex));
      }
      return;
    default:
      return;
  }
}

// nullopt: a condition says something else of every text.
std::optional<Facts> FactsOf(ConditionTable& conditions, const Shape& shape,
                             std::span<const Asked> asked, std::string_view pattern) {
  Facts facts;
  if (!shape.texts.empty()) Restrict(facts, shape.texts);
  if (!pattern.empty()) AddGlob(facts, pattern);
  for (const Asked& each : asked) {
    const Predicate predicate = conditions.at(each.condition_id).predicate;
    const TruthSet said = each.allowed & SaidOfTexts(predicate);
    if (said == TruthSet::None) return std::nullopt;
    if (said == TruthSet::True) AddTrue(conditions, each.condition_id, facts);
    if (!Has(said, Truth::Unknown) && predicate == Predicate::Under) facts.is_path = true;
    if (!Has(said, Truth::Unknown) && predicate == Predicate::HostIn) facts.is_url = true;
  }
  for (const std::string& prefix : facts.made) facts.prefixes.push_back(prefix);
  return facts;
}

std::string_view Longest(const Texts& texts) {
  std::string_view longest;
  for (const std::string_view text : texts) {
    if (text.size() > longest.size()) longest = text;
  }
  return longest;
}

// "*.b.c" covers "a.b.c" and "*.a.b.c"; a host covers itself.
bool CoversHost(std::string_view outer, std::string_view inner) {
  if (outer == inner) return true;
  if (!outer.starts_with("*.")) return false;
  if (inner.starts_with("*.")) inner.remove_prefix(1);
  // An address is covered by no pattern.
  if (inner.find_first_not_of("0123456789.") == std::string_view::npos) return false;
  return inner.size() > outer.size() - 1 && inner.ends_with(outer.substr(1));
}

bool HostsMeet(std::span<const std::string_view> a, std::span<const std::string_view> b) {
  return std::ranges::any_of(a, [&](std::string_view first) {
    return std::ranges::any_of(b, [&](std::string_view second) {
      return CoversHost(first, second) || CoversHost(second, first);
    });
  });
}

bool IsHttp(std::string_view beginning) {
  constexpr std::string_view kHttp = "http";
  for (std::size_t i = 0; i < std::min(beginning.size(), kHttp.size()); ++i) {
    if ((beginning[i] | 0x20) != kHttp[i]) return false;
  }
  return true;
}

// Whether what the facts say contradicts itself.
bool Clash(const Facts& facts) {
  const std::string_view prefix = Longest(facts.prefixes);
  const std::string_view suffix = Longest(facts.suffixes);
  const auto begins = [&](std::string_view text) { return prefix.starts_with(text); };
  const auto ends = [&](std::string_view text) { return suffix.ends_with(text); };
  if (!std::ranges::all_of(facts.prefixes, begins)) return true;
  if (!std::ranges::all_of(facts.suffixes, ends)) return true;
  if (facts.is_path && !prefix.empty() && prefix[0] != '/') return true;
  if (facts.is_url && (facts.is_path || !IsHttp(prefix))) return true;
  for (const std::string_view one : facts.roots) {
    for (const std::string_view other : facts.roots) {
      if (IsUnder(one, other) != Truth::True && IsUnder(other, one) != Truth::True) return true;
    }
  }
  for (std::size_t i = 0; i < facts.hosts.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (!HostsMeet(facts.hosts[i], facts.hosts[j])) return true;
    }
  }
  return false;
}

bool IsHeld(const Facts& facts, std::string_view piece) {
  const auto holds = [&](std::string_view text) { return HoldsText(text, piece); };
  return piece.empty() || std::ranges::any_of(facts.prefixes, holds) ||
         std::ranges::any_of(facts.suffixes, holds) || std::ranges::any_of(facts.pieces, holds);
}

bool IsUnderFact(const Facts& facts, std::string_view root) {
  return std::ranges::any_of(
      facts.roots, [&](std::string_view inner) { return IsUnder(inner, root) == Truth::True; });
}

bool IsHostFact(const Facts& facts, std::span<const std::string_view> set) {
  return std::ranges::any_of(facts.hosts, [&](std::span<const std::string_view> inner) {
    return std::ranges::all_of(inner, [&](std::string_view host) {
      return std::ranges::any_of(set,
                                 [&](std::string_view outer) { return CoversHost(outer, host); });
    });
  });
}

// "a*" says as much as starts_with "a": whether every text with the facts matches `glob`.
bool MatchesFact(const Facts& facts, std::string_view glob) {
  if (std::ranges::count(glob, '*') == 0) return false;
  const std::size_t first = glob.find('*');
  const std::size_t last = glob.rfind('*');
  const std::string_view head = glob.substr(0, first);
  const std::string_view tail = glob.substr(last + 1);
  const std::string_view middle = first == last ? "" : glob.substr(first + 1, last - first - 1);
  // More than one anchored part may overlap in a text that has each of them.
  const int parts = !head.empty() + !tail.empty() + !middle.empty();
  if (parts > 1 || middle.contains('*')) return false;
  if (!head.empty()) return Longest(facts.prefixes).starts_with(head);
  if (!tail.empty()) return Longest(facts.suffixes).ends_with(tail);
  return IsHeld(facts, middle);
}

// Whether the facts make the condition true of every text that has them.
bool MakeTrue(const Facts& facts, const Condition& condition) {
  const Operand& operand = condition.operand;
  switch (condition.predicate) {
    case Predicate::StartsWith:
      return Longest(facts.prefixes).starts_with(operand.text);
    case Predicate::EndsWith:
      return Longest(facts.suffixes).ends_with(operand.text);
    case Predicate::ContainsString:
      return IsHeld(facts, operand.text);
    case Predicate::Like:
      return MatchesFact(facts, operand.text);
    case Predicate::Under:
      return IsUnderFact(facts, operand.text);
    case Predicate::HostIn:
      return IsHostFact(facts, operand.strings);
    case Predicate::Matches:
      return operand.text.empty();
    default:
      return false;
  }
}

// Whether the facts make the condition unlike true, or unlike unknown, of every text.
TruthSet LeftBy(const Facts& facts, const Condition& condition) {
  if (MakeTrue(facts, condition)) return TruthSet::True;
  TruthSet left = SaidOfTexts(condition.predicate);
  if (condition.predicate == Predicate::HostIn) {
    if (facts.is_path) return TruthSet::Unknown;
    if (!facts.is_url) return left;
    left = Without(left, Truth::Unknown);  // a URL that one set can be asked about, each can
    const bool meets = std::ranges::all_of(facts.hosts, [&](std::span<const std::string_view> set) {
      return HostsMeet(set, condition.operand.strings);
    });
    return meets ? left : Without(left, Truth::True);
  }
  if (condition.predicate == Predicate::Under && facts.is_url) return TruthSet::Unknown;
  return left;
}

bool IsRefuted(const ConditionTable& conditions, const Facts& facts, std::span<const Asked> asked) {
  if (Clash(facts)) return true;
  return std::ranges::any_of(asked, [&](const Asked& each) {
    return (each.allowed & LeftBy(facts, conditions.at(each.condition_id))) == TruthSet::None;
  });
}

// -- samples -------------------------------------------------------------------------------------

// The shortest text that begins with `a` and ends with `b`.
std::string Joined(std::string_view a, std::string_view b) {
  for (std::size_t shared = std::min(a.size(), b.size()); shared > 0; --shared) {
    if (a.ends_with(b.substr(0, shared))) return std::string(a) + std::string(b.substr(shared));
  }
  return std::string(a) + std::string(b);
}

// Texts that have the facts, or nearly.
std::vector<std::string> Candidates(ConditionTable& conditions, const Facts& facts,
                                    std::span<const Asked> asked) {
  const std::string_view prefix = Longest(facts.prefixes);
  const std::string_view suffix = Longest(facts.suffixes);
  std::vector<std::string> bases = {""};
  for (const std::string_view piece : facts.pieces) bases.back() += piece;
  for (const Asked& each : asked) {
    const Condition& condition = conditions.at(each.condition_id);
    if (condition.predicate == Predicate::Matches) {
      for (std::string& text : RegexSamples(condition.operand.text))
        bases.push_back(std::move(text));
    } else if (condition.predicate == Predicate::Like) {
      bases.emplace_back(condition.operand.text);
      std::erase(bases.back(), '*');
    } else if (condition.predicate == Predicate::HostIn) {
      for (std::string_view host : condition.operand.strings) {
        if (bases.size() > 20) break;
        bases.push_back((host.starts_with("*.") ? "https://a" : "https://") +
                        std::string(host.starts_with("*.") ? host.substr(1) : host));
      }
      bases.emplace_back("https://example.net/");
    } else if (condition.predicate == Predicate::Under) {
      bases.emplace_back("/");
      bases.push_back(std::string(condition.operand.text) + "/x");
    } else if (!condition.operand.text.empty()) {
      bases.emplace_back(condition.operand.text);
    }
  }
  std::vector<std::string> texts;
  for (const std::string& base : bases) {
    for (const std::string_view extra : {"x", "", "/x", "x1"}) {
      texts.push_back(Joined(Joined(prefix, base + std::string(extra)), suffix));
      texts.push_back(Joined(prefix, std::string(extra) + base) + std::string(suffix));
    }
    texts.push_back(base);
  }
  if (texts.size() > kTextsTriedMax) texts.resize(kTextsTriedMax);
  return texts;
}

FormAnswer TextAnswer(std::string_view text) {
  return {Possible::Yes, {.form = Form::Text, .json = JsonText(text)}};
}

// Each member of a finite set is asked.
FormAnswer SolveMembers(ConditionTable& conditions, const Texts& members, std::string_view pattern,
                        std::span<const Asked> asked) {
  Possible possible = members.size() > kMembersTriedMax ? Possible::Maybe : Possible::No;
  for (const std::string_view member : members | std::views::take(kMembersTriedMax)) {
    if (!pattern.empty() && !GlobMatches(pattern, member)) continue;
    const auto satisfies = Satisfies(conditions, Value::MakeString(member), asked);
    if (!satisfies) possible = Possible::Maybe;
    if (satisfies == true) return TextAnswer(member);
  }
  return {possible, {}};
}

FormAnswer SolvePattern(ConditionTable& conditions, const Shape& shape, std::string_view pattern,
                        std::span<const Asked> asked, bool wants_sample) {
  const auto facts = FactsOf(conditions, shape, asked, pattern);
  if (!facts) return {Possible::No, {}};
  if (facts->is_finite) return SolveMembers(conditions, facts->members, pattern, asked);
  if (IsRefuted(conditions, *facts, asked)) return {Possible::No, {}};
  if (!wants_sample) return {Possible::Maybe, {}};
  for (const std::string& text : Candidates(conditions, *facts, asked)) {
    if (text.size() > kPatternSubjectBytesMax) continue;
    if (!pattern.empty() && !GlobMatches(pattern, text)) continue;
    if (Satisfies(conditions, Value::MakeString(text), asked) == true) return TextAnswer(text);
  }
  return {Possible::Maybe, {}};
}

}  // namespace

FormAnswer SolveText(ConditionTable& conditions, const Shape& shape, std::span<const Asked> asked,
                     bool wants_sample) {
  if (shape.patterns.empty()) return SolvePattern(conditions, shape, {}, asked, wants_sample);
  FormAnswer best{Possible::No, {}};
  for (const std::string_view pattern : shape.patterns) {
    FormAnswer answer = SolvePattern(conditions, shape, pattern, asked, wants_sample);
    if (answer.possible == Possible::Yes) return answer;
    if (answer.possible == Possible::Maybe) best = answer;
  }
  return best;
}

}  // namespace policy
