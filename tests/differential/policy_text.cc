#include "tests/differential/policy_text.h"

#include <cctype>
#include <map>
#include <utility>

namespace differential {
namespace {

using reference::Json;

// How tightly things bind.
enum Level { kJunction, kNegation, kComparison, kSum, kProduct, kOrElse, kPrimary };

std::string Text(const Json& record, const char* key) {
  const Json* found = record.Find(key);
  return found == nullptr ? "?" : found->text;
}

const Json& Part(const Json& record, const char* key) {
  static const Json missing = Json::Record({{"missing", Json::Null()}});
  const Json* found = record.Find(key);
  return found == nullptr ? missing : *found;
}

std::string List(const std::vector<Json>& items, std::string (*spell)(const Json&)) {
  std::string out;
  for (const Json& item : items) out += (out.empty() ? "" : ", ") + spell(item);
  return out.empty() ? "?" : out;
}

std::string Quoted(const Json& text) { return reference::Quote(text.text); }

std::string Literal(const Json& scalar) { return ToText(scalar); }

const std::map<std::string, std::string>& Operators() {
  static const std::map<std::string, std::string> operators = {
      {"eq", "=="}, {"neq", "!="}, {"lt", "<"},          {"lte", "<="},
      {"gt", ">"},  {"gte", ">="}, {"not_in", "not in"}, {"regex", "matches"}};
  return operators;
}

std::string OperatorText(const std::string& op) {
  const auto found = Operators().find(op);
  return found == Operators().end() ? op : found->second;
}

bool IsArithmetic(const std::string& function) {
  return function == "+" || function == "-" || function == "*";
}

bool IsQuantifier(const Json& e) {
  return e.Find("any") != nullptr || e.Find("all") != nullptr || e.Find("count") != nullptr;
}

Level LevelOf(const Json& e) {
  if (e.Find("and") != nullptr || e.Find("or") != nullptr) return kJunction;
  if (e.Find("not") != nullptr) return kNegation;
  if (e.Find("op") != nullptr || e.Find("is null") != nullptr) return kComparison;
  if (IsQuantifier(e)) return kComparison;
  if (e.Find("else") != nullptr) return kOrElse;
  const std::string function = e.Find("call") == nullptr ? "" : Text(e, "call");
  if (function == "*") return kProduct;
  return IsArithmetic(function) ? kSum : kPrimary;
}

std::string Spell(const Json& e);

// Parentheses where something has to bind at least as tightly as `level`.
std::string Within(const Json& e, Level level) {
  return LevelOf(e) < level ? "(" + Spell(e) + ")" : Spell(e);
}

std::string Junction(const std::vector<Json>& operands, const std::string& word) {
  std::string out;
  for (const Json& operand : operands)
    out += (out.empty() ? "" : " " + word + " ") + Within(operand, kNegation);
  return operands.size() < 2 ? "?" : out;
}

std::string Quantifier(const Json& e, const std::string& word) {
  const Json& body = Part(e, "body");
  const Json& judged = body.Find("not") == nullptr ? body : Part(body, "not");
  const bool is_plain = (judged.Find("op") != nullptr && !IsQuantifier(Part(judged, "left"))) ||
                        (judged.Find("path") != nullptr && &judged == &body);
  return word + " " + Text(e, word.c_str()) + " in " + Within(Part(e, "in"), kPrimary) + ": " +
         (is_plain ? Spell(body) : "(" + Spell(body) + ")");
}

std::string Call(const Json& e) {
  const std::string function = Text(e, "call");
  const std::vector<Json>& operands = Part(e, "operands").items;
  if (!IsArithmetic(function)) return function + "(" + List(operands, Spell) + ")";
  if (operands.size() != 2) return "?";
  const Level level = LevelOf(e);
  return Within(operands[0], level) + " " + function + " " +
         Within(operands[1], static_cast<Level>(level + 1));
}

std::string Spell(const Json& e) {
  if (e.Find("path") != nullptr) return Text(e, "path");
  if (e.Find("let") != nullptr) return Text(e, "let");
  if (e.Find("duration") != nullptr) return Text(e, "duration");
  if (e.Find("list") != nullptr) return "[" + List(Part(e, "list").items, Literal) + "]";
  if (e.Find("and") != nullptr) return Junction(Part(e, "and").items, "and");
  if (e.Find("or") != nullptr) return Junction(Part(e, "or").items, "or");
  if (e.Find("not") != nullptr) return "not " + Within(Part(e, "not"), kNegation);
  if (e.Find("has") != nullptr) return "has " + Text(e, "has");
  if (e.Find("is null") != nullptr) return Text(e, "is null") + " is null";
  if (e.Find("else") != nullptr) return Text(e, "else") + " ?? " + Literal(Part(e, "literal"));
  if (e.Find("literal") != nullptr) return Literal(Part(e, "literal"));
  if (e.Find("op") != nullptr)
    return Within(Part(e, "left"), kSum) + " " + OperatorText(Text(e, "op")) + " " +
           Within(Part(e, "right"), kSum);
  if (e.Find("call") != nullptr) return Call(e);
  if (e.Find("part") != nullptr)
    return Within(Part(e, "part"), kPrimary) + "[" + Literal(Part(e, "step")) + "]";
  for (const char* word : {"any", "all", "count"}) {
    if (e.Find(word) != nullptr) return Quantifier(e, word);
  }
  return "?";
}

// A name where it certainly is one, else in quotes.
std::string Name(const Json& name) {
  const bool is_name = !name.text.empty() &&
                       name.text.find_first_not_of("cdemnrs_0123456789") == std::string::npos &&
                       std::isdigit(static_cast<unsigned char>(name.text[0])) == 0;
  return is_name ? name.text : Quoted(name);
}

std::string Option(const Json& record, const char* key, const std::string& before,
                   std::string (*spell)(const Json&)) {
  const Json* found = record.Find(key);
  return found == nullptr ? "" : before + spell(*found);
}

std::string Word(const Json& word) { return word.text; }

std::string Rule(const Json& rule) {
  const std::string kind = Text(rule, "rule");
  std::string out = "  ";
  if (kind == "limit" && rule.Find("cost") != nullptr) {
    out += "charge " + Name(Part(rule, "counter")) + " " + Within(Part(rule, "cost"), kSum);
  } else if (kind == "limit") {
    out += "limit " + Name(Part(rule, "counter"));
  } else if (kind == "args") {
    out += "args only " + List(Part(rule, "names").items, Name);
  } else {
    out += kind + Option(rule, "name", " ", Quoted);
    out += Option(rule, "when", kind == "require" ? " " : " when ", Spell);
  }
  out += Option(rule, "from", " from ", Quoted) + Option(rule, "within", " within ", Word);
  out += Option(rule, "up to", " up to ", Literal) + Option(rule, "on_error", " on error ", Word);
  return out + Option(rule, "because", " because ", Quoted) + "\n";
}

std::string Block(const Json& block) {
  std::string out = "tool " + List(Part(block, "patterns").items, Name) +
                    Option(block, "server", " on server ", Quoted) + " {\n";
  for (const Json& rule : Part(block, "rules").items) out += Rule(rule);
  return out + "}\n";
}

// " per day sliding", " at once".
std::string Measure(const Json& counter) {
  const std::string algorithm =
      counter.Find("algorithm") == nullptr ? "fixed" : Text(counter, "algorithm");
  if (algorithm == "concurrency") return " at once";
  std::string out = " per " + Text(counter, "window");
  if (algorithm != "fixed") out += " " + algorithm;
  return out + Option(counter, "burst", " burst ", Literal);
}

std::string Counter(const Json& counter) {
  std::string out = "counter " + Name(Part(counter, "counter")) + " = " +
                    Literal(Part(counter, "max")) + Measure(counter);
  out += Option(counter, "scale", " scale ", Literal);
  if (const Json* each = counter.Find("each")) out += " each " + List(each->items, Word);
  return out + Option(counter, "on_error", " on error ", Word) + "\n";
}

std::string Policy(const Json& tree) {
  std::string out = "policy " + Quoted(Json::String("generated")) + "\ndefault " +
                    Text(tree, "default") + "\n" + Option(tree, "zone", "zone ", Quoted) + "\n";
  for (const Json& let : Part(tree, "lets").items)
    out += "let " + Text(let, "let") + " = " + Spell(Part(let, "value")) + "\n";
  for (const Json& counter : Part(tree, "counters").items) out += Counter(counter);
  for (const Json& block : Part(tree, "blocks").items) out += Block(block);
  if (const Json* hide = tree.Find("hide")) out += "hide " + List(hide->items, Name) + "\n";
  return out;
}

}  // namespace

bool IsTextForm(const Json& policy) { return policy.Find("form") != nullptr; }

std::string SpellingOf(const Json& policy) {
  if (policy.Is(Json::Kind::String)) return policy.text;
  return IsTextForm(policy) ? Policy(policy) : ToText(policy);
}

std::string ExpressionText(const Json& expression) { return Spell(expression); }

}  // namespace differential
