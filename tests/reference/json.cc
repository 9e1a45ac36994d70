#include "tests/reference/json.h"

#include <cstdio>

namespace reference {
namespace {

constexpr int kDepthMax = 500;

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  std::optional<Json> Document() {
    Json json;
    if (!Element(json, 0)) return std::nullopt;
    SkipSpace();
    if (at_ != text_.size()) return std::nullopt;
    return json;
  }

 private:
  bool AtEnd() const { return at_ >= text_.size(); }
  char Peek() const { return AtEnd() ? '\0' : text_[at_]; }
  bool Take(char c) {
    if (AtEnd() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool TakeWord(std::string_view word) {
    if (text_.substr(at_, word.size()) != word) return false;
    at_ += word.size();
    return true;
  }
  void SkipSpace() {
    while (!AtEnd() && (Peek() == ' ' || Peek() == '\t' || Peek() == '\n' || Peek() == '\r')) ++at_;
  }

  bool Element(Json& out, int depth) {
    if (depth > kDepthMax) return false;
    SkipSpace();
    switch (Peek()) {
      case '{':
        return Record(out, depth);
      case '[':
        return List(out, depth);
      case '"':
        out.kind = Json::Kind::String;
        return String(out.text);
      case 't':
        out = Json::Bool(true);
        return TakeWord("true");
      case 'f':
        out = Json::Bool(false);
        return TakeWord("false");
      case 'n':
        out = Json::Null();
        return TakeWord("null");
      default:
        out.kind = Json::Kind::Number;
        return Number(out.text);
    }
  }

  bool Record(Json& out, int depth) {
    out.kind = Json::Kind::Record;
    Take('{');
    SkipSpace();
    if (Take('}')) return true;
    do {
      SkipSpace();
      Json::Member member;
      if (!String(member.key)) return false;
      SkipSpace();
      if (!Take(':') || !Element(member.value, depth + 1)) return false;
      out.members.push_back(std::move(member));
      SkipSpace();
    } while (Take(','));
    return Take('}');
  }

  bool List(Json& out, int depth) {
    out.kind = Json::Kind::List;
    Take('[');
    SkipSpace();
    if (Take(']')) return true;
    do {
      Json item;
      if (!Element(item, depth + 1)) return false;
      out.items.push_back(std::move(item));
      SkipSpace();
    } while (Take(','));
    return Take(']');
  }

  bool Digits(std::string& out) {
    const std::size_t begin = at_;
    while (Peek() >= '0' && Peek() <= '9') out += text_[at_++];
    return at_ > begin;
  }

  bool Number(std::string& out) {
    if (Take('-')) out += '-';
    if (Take('0')) {
      out += '0';
    } else if (!Digits(out)) {
      return false;
    }
    if (Take('.')) {
      out += '.';
      if (!Digits(out)) return false;
    }
    if (Peek() == 'e' || Peek() == 'E') {
      out += text_[at_++];
      if (Peek() == '+' || Peek() == '-') out += text_[at_++];
      if (!Digits(out)) return false;
    }
    return true;
  }

  bool Hex4(unsigned& out) {
    out = 0;
    for (int i = 0; i < 4; ++i) {
      const char c = Peek();
      unsigned digit = 0;
      if (c >= '0' && c <= '9') {
        digit = static_cast<unsigned>(c - '0');
      } else if (c >= 'a' && c <= 'f') {
        digit = static_cast<unsigned>(c - 'a') + 10;
      } else if (c >= 'A' && c <= 'F') {
        digit = static_cast<unsigned>(c - 'A') + 10;
      } else {
        return false;
      }
      out = out * 16 + digit;
      ++at_;
    }
    return true;
  }

  static void AppendUtf8(std::string& out, unsigned code) {
    if (code < 0x80) {
      out += static_cast<char>(code);
      return;
    }
    if (code < 0x800) {
      out += static_cast<char>(0xC0 | (code >> 6));
    } else {
      if (code < 0x10000) {
        out += static_cast<char>(0xE0 | (code >> 12));
      } else {
        out += static_cast<char>(0xF0 | (code >> 18));
        out += static_cast<char>(0x80 | ((code >> 12) & 0x3F));
      }
      out += static_cast<char>(0x80 | ((code >> 6) & 0x3F));
    }
    out += static_cast<char>(0x80 | (code & 0x3F));
  }

  bool Escape(std::string& out) {
    const char c = Peek();
    ++at_;
    switch (c) {
      case '"':
      case '\\':
      case '/':
        out += c;
        return true;
      case 'b':
        out += '\b';
        return true;
      case 'f':
        out += '\f';
        return true;
      case 'n':
        out += '\n';
        return true;
      case 'r':
        out += '\r';
        return true;
      case 't':
        out += '\t';
        return true;
      case 'u':
        break;
      default:
        return false;
    }
    unsigned code = 0;
    if (!Hex4(code)) return false;
    if (code >= 0xDC00 && code <= 0xDFFF) return false;
    if (code >= 0xD800 && code <= 0xDBFF) {
      unsigned low = 0;
      if (!TakeWord("\\u") || !Hex4(low) || low < 0xDC00 || low > 0xDFFF) return false;
      code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00);
    }
    AppendUtf8(out, code);
    return true;
  }

  bool String(std::string& out) {
    if (!Take('"')) return false;
    while (!AtEnd()) {
      const char c = text_[at_++];
      if (c == '"') return true;
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c == '\\') {
        if (AtEnd() || !Escape(out)) return false;
      } else {
        out += c;
      }
    }
    return false;
  }

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace

Json::Json() = default;
Json::Json(const Json&) = default;
Json::Json(Json&&) noexcept = default;
Json& Json::operator=(const Json&) = default;
Json& Json::operator=(Json&&) noexcept = default;
Json::~Json() = default;

Json Json::Null() { return {}; }

Json Json::Bool(bool value) {
  Json json;
  json.kind = Kind::Bool;
  json.boolean = value;
  return json;
}

Json Json::Number(std::string text) {
  Json json;
  json.kind = Kind::Number;
  json.text = std::move(text);
  return json;
}

Json Json::String(std::string text) {
  Json json;
  json.kind = Kind::String;
  json.text = std::move(text);
  return json;
}

Json Json::List(std::vector<Json> items) {
  Json json;
  json.kind = Kind::List;
  json.items = std::move(items);
  return json;
}

Json Json::Record() { return Record({}); }

Json Json::Record(std::vector<Json::Member> members) {
  Json json;
  json.kind = Kind::Record;
  json.members = std::move(members);
  return json;
}

const Json* Json::Find(std::string_view key) const {
  const Json* found = nullptr;
  for (const auto& [name, value] : members) {
    if (name == key) found = &value;
  }
  return found;
}

Json* Json::Find(std::string_view key) {
  Json* found = nullptr;
  for (auto& [name, value] : members) {
    if (name == key) found = &value;
  }
  return found;
}

std::optional<Json> ParseJson(std::string_view text) { return Parser(text).Document(); }

std::string Quote(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char buffer[8];
      std::snprintf(buffer, sizeof buffer, "\\u%04x", static_cast<unsigned>(c));
      out += buffer;
    } else {
      out += c;
    }
  }
  return out + '"';
}

std::string ToText(const Json& json) {
  switch (json.kind) {
    case Json::Kind::Null:
      return "null";
    case Json::Kind::Bool:
      return json.boolean ? "true" : "false";
    case Json::Kind::Number:
      return json.text;
    case Json::Kind::String:
      return Quote(json.text);
    case Json::Kind::List: {
      std::string out = "[";
      for (const Json& item : json.items) {
        if (out.size() > 1) out += ',';
        out += ToText(item);
      }
      return out + ']';
    }
    case Json::Kind::Record: {
      std::string out = "{";
      for (const auto& [name, value] : json.members) {
        if (out.size() > 1) out += ',';
        out += Quote(name) + ':' + ToText(value);
      }
      return out + '}';
    }
  }
  return "";
}

}  // namespace reference
