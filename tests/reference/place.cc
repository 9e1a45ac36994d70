#include "tests/reference/place.h"

#include <algorithm>
#include <exception>

#include "tests/reference/text.h"

namespace reference {
namespace {

// Thrown for what is no path; caught at the door.
struct NoPath {};

std::string ReadQuotedName(std::string_view text, std::size_t& at) {
  const std::size_t begin = at++;
  while (at < text.size() && text[at] != '"') at += text[at] == '\\' ? 2 : 1;
  if (at >= text.size()) throw NoPath();
  const auto name = ParseJson(text.substr(begin, ++at - begin));
  if (!name) throw NoPath();
  return name->text;
}

Path ReadPathText(std::string_view text) {
  Path path;
  std::size_t at = std::min(text.find_first_of(".["), text.size());
  path.root = text.substr(0, at);
  while (at < text.size()) {
    Step step;
    if (text[at] == '.') {
      const std::size_t end = std::min(text.find_first_of(".[", at + 1), text.size());
      step.name = text.substr(at + 1, end - at - 1);
      at = end;
    } else if (text.substr(at, 2) == "[\"") {
      ++at;
      step.name = ReadQuotedName(text, at);
      if (text.substr(at, 1) != "]") throw NoPath();
      ++at;
    } else {
      const std::size_t end = text.find(']', at);
      if (end == std::string_view::npos) throw NoPath();
      step.index = std::stoul(std::string(text.substr(at + 1, end - at - 1)));
      at = end + 1;
    }
    path.steps.push_back(std::move(step));
  }
  return path;
}

Value StepInto(const Value& from, const Step& step) {
  if (from.Is(Value::Kind::Absent)) return from;
  if (step.index) {
    const bool stands = from.Is(Value::Kind::List) && *step.index < from.items.size();
    return stands ? from.items[*step.index] : Value::Unknown();
  }
  if (!from.Is(Value::Kind::Record)) return Value::Unknown();
  for (std::size_t i = 0; i < from.keys.size(); ++i) {
    if (from.keys[i] == step.name) return from.items[i];
  }
  for (const std::string& key : from.keys) {
    if (SameButForCase(key, step.name)) return Value::Unknown();
  }
  return Value::Absent();
}

}  // namespace

std::optional<Path> ReadPath(std::string_view text) {
  try {
    return ReadPathText(text);
  } catch (const NoPath&) {
  } catch (const std::exception&) {  // an index that is none
  }
  return std::nullopt;
}

Found Walk(const Json& root, const std::vector<Step>& steps) {
  const Json* at = &root;
  for (const Step& step : steps) {
    if (step.index) {
      if (!at->Is(Json::Kind::List) || *step.index >= at->items.size())
        return {Found::Kind::Broken, nullptr};
      at = &at->items[*step.index];
      continue;
    }
    if (!at->Is(Json::Kind::Record)) return {Found::Kind::Broken, nullptr};
    at = at->Find(step.name);
    if (at == nullptr) return {Found::Kind::Absent, nullptr};
  }
  return {Found::Kind::Value, at};
}

Value Walk(Value from, const std::vector<Step>& steps) {
  for (const Step& step : steps) from = StepInto(from, step);
  return from;
}

}  // namespace reference
