#include "tests/differential/request_text.h"

#include <cstdio>
#include <utility>
#include <vector>

namespace differential {
namespace {

using reference::Json;

class Writer {
 public:
  explicit Writer(Random& random)
      : random_(random),
        escape_percent_(random.Chance(50) ? 0 : random.Below(40)),
        space_percent_(random.Chance(50) ? 0 : random.Below(30)) {}

  std::string text;

  void Space() {
    while (random_.Below(100) < space_percent_) text += random_.Chance(80) ? ' ' : '\t';
  }

  void Unit(unsigned unit) {
    char buffer[8];
    std::snprintf(buffer, sizeof buffer, random_.Chance(50) ? "\\u%04x" : "\\u%04X", unit);
    text += buffer;
  }

  void Escaped(unsigned code) {
    if (code == '/' && random_.Chance(50)) {
      text += "\\/";
    } else if (code >= 0x10000) {
      Unit(0xD800 + ((code - 0x10000) >> 10));
      Unit(0xDC00 + ((code - 0x10000) & 0x3FF));
    } else {
      Unit(code);
    }
  }

  void String(const std::string& value) {
    text += '"';
    for (std::size_t at = 0; at < value.size();) {
      const auto lead = static_cast<unsigned char>(value[at]);
      const std::size_t size = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;
      unsigned code = size == 1 ? lead : lead & (0xFFU >> (size + 1));
      for (std::size_t i = 1; i < size; ++i)
        code = (code << 6) | (static_cast<unsigned char>(value[at + i]) & 0x3FU);
      const bool must = code < 0x20 || code == '"' || code == '\\';
      if (must || random_.Below(100) < escape_percent_) {
        Escaped(code);
      } else {
        text.append(value, at, size);
      }
      at += size;
    }
    text += '"';
  }

  void Value(const Json& json) {
    Space();
    if (json.Is(Json::Kind::Record)) {
      Record(json.members, [this](const Json& value) { Value(value); });
    } else if (json.Is(Json::Kind::List)) {
      text += '[';
      for (std::size_t i = 0; i < json.items.size(); ++i) {
        if (i != 0) text += ',';
        Value(json.items[i]);
      }
      text += ']';
    } else if (json.Is(Json::Kind::String)) {
      String(json.text);
    } else {
      text += ToText(json);
    }
    Space();
  }

 private:
  template <typename Members, typename WriteValue>
  void Record(const Members& members, WriteValue write_value) {
    text += '{';
    bool first = true;
    Space();
    for (const auto& [key, value] : members) {
      if (!first) text += ',';
      first = false;
      Space();
      String(key);
      Space();
      text += ':';
      write_value(value);
    }
    text += '}';
  }

  Random& random_;
  std::uint64_t escape_percent_;
  std::uint64_t space_percent_;
};

}  // namespace

std::string RequestText(const reference::Call& call, Random& random) {
  std::vector<Json::Member> params = {{"name", Json::String(call.tool)}};
  if (call.arguments != "{}" || random.Chance(50))
    params.emplace_back("arguments", reference::ParseJson(call.arguments).value_or(Json::Null()));
  if (random.Chance(20))
    params.emplace_back("_meta", Json::Record({{"progressToken", Json::Number("7")}}));
  random.Shuffle(params);
  std::vector<Json::Member> envelope = {
      {"jsonrpc", Json::String("2.0")},
      {"id", random.Chance(50) ? Json::Number("0") : Json::String("id")},
      {"method", Json::String("tools/call")},
      {"params", Json::Record(std::move(params))}};
  random.Shuffle(envelope);
  Writer writer(random);
  writer.Value(Json::Record(std::move(envelope)));
  return writer.text;
}

}  // namespace differential
