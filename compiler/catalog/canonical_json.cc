#include "compiler/catalog/canonical_json.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <vector>

#include "policy/check.h"
#include "runtime/value/decimal.h"
#include "runtime/value/utf8.h"

namespace policy::catalog {

namespace {

// Characters that a reviewer would not see, or would see in another order than readers read them.
bool IsDeceptive(char32_t point) {
  return point == 0x7F || (point >= 0x80 && point < 0xA0) || point == 0xAD || point == 0x61C ||
         point == 0x180E || (point >= 0x200B && point <= 0x200F) ||
         (point >= 0x2028 && point <= 0x202E) || (point >= 0x2060 && point <= 0x206F) ||
         point == 0xFEFF || (point >= 0xFFF9 && point <= 0xFFFB) ||
         (point >= 0xE0000 && point <= 0xE0FFF);
}

void AppendEscape(std::string& out, char32_t point) {
  if (point > 0xFFFF) {
    const char32_t rest = point - 0x10000;
    AppendEscape(out, 0xD800 + (rest >> 10));
    point = 0xDC00 + (rest & 0x3FF);
  }
  out += fmt::format("\\u{:04x}", static_cast<std::uint32_t>(point));
}

void AppendString(std::string& out, std::string_view text, bool is_reviewable) {
  out += '"';
  while (!text.empty()) {
    const std::size_t size = std::max<std::size_t>(Utf8SequenceSize(text), 1);
    const char first = text[0];
    constexpr std::string_view kBytes = "\b\f\n\r\t\"\\";
    constexpr std::string_view kCodes = "bfnrt\"\\";
    if (const std::size_t found = kBytes.find(first); found != std::string_view::npos) {
      out += '\\';
      out += kCodes[found];
    } else if (static_cast<unsigned char>(first) < 0x20) {
      AppendEscape(out, static_cast<unsigned char>(first));
    } else if (const char32_t point =
                   size > 1 ? DecodeUtf8(text.substr(0, size)) : static_cast<unsigned char>(first);
               is_reviewable && IsDeceptive(point)) {
      AppendEscape(out, point);
    } else {
      out += text.substr(0, size);
    }
    text.remove_prefix(size);
  }
  out += '"';
}

std::string NumberText(const std::string& written) {
  const auto exact = ParseDecimal(written);
  return exact ? ToText(*exact) : written;
}

std::vector<const json::Member*> SortedMembers(const json::Value& record) {
  std::vector<const json::Member*> members;
  for (const json::Member& member : record.members) members.push_back(&member);
  std::ranges::stable_sort(members, {},
                           [](const json::Member* m) -> const std::string& { return m->key; });
  return members;
}

// One writer for both spellings; `depth` below 0: no lines.
class Writer {
 public:
  explicit Writer(bool is_reviewable) : is_reviewable_(is_reviewable) {}

  // Documents are at most kLockDepthMax deep: their reader saw to it.
  void Write(const json::Value& value, int depth) {
    switch (value.kind) {
      case json::Kind::Null:
        out += "null";
        return;
      case json::Kind::Bool:
        out += value.boolean ? "true" : "false";
        return;
      case json::Kind::Number:
        out += NumberText(value.text);
        return;
      case json::Kind::String:
        AppendString(out, value.text, is_reviewable_);
        return;
      case json::Kind::List:
        return WriteList(value, depth);
      case json::Kind::Record:
        return WriteRecord(value, depth);
    }
  }

  std::string out;

 private:
  void Line(int depth) {
    if (!is_reviewable_) return;
    out += '\n';
    out.append(static_cast<std::size_t>(depth) * 2, ' ');
  }

  void WriteList(const json::Value& list, int depth) {
    const bool has_lines = std::ranges::any_of(list.items, [](const json::Value& item) {
      return item.kind == json::Kind::List || item.kind == json::Kind::Record;
    });
    out += '[';
    for (const json::Value& item : list.items) {
      if (&item != &list.items.front()) out += is_reviewable_ && !has_lines ? ", " : ",";
      if (has_lines) Line(depth + 1);
      Write(item, depth + 1);
    }
    if (has_lines) Line(depth);
    out += ']';
  }

  void WriteRecord(const json::Value& record, int depth) {
    out += '{';
    bool is_first = true;
    for (const json::Member* member : SortedMembers(record)) {
      if (!is_first) out += ',';
      is_first = false;
      Line(depth + 1);
      AppendString(out, member->key, is_reviewable_);
      out += is_reviewable_ ? ": " : ":";
      Write(member->value, depth + 1);
    }
    if (!is_first) Line(depth);
    out += '}';
  }

  bool is_reviewable_;
};

}  // namespace

std::string CanonicalJson(const json::Value& value) {
  Writer writer(false);
  writer.Write(value, 0);
  return std::move(writer.out);
}

std::string CanonicalJsonOf(std::string_view string) {
  std::string out;
  AppendString(out, string, false);
  return out;
}

std::string ReviewableJson(const json::Value& value, int depth) {
  Writer writer(true);
  writer.Write(value, depth);
  return std::move(writer.out);
}

std::string ReviewableJsonOf(std::string_view string) {
  std::string out;
  AppendString(out, string, true);
  return out;
}

std::string Sha256Hex(std::string_view bytes) {
  std::array<unsigned char, 32> digest{};
  unsigned int size = 0;
  CHECK(EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr) == 1);
  CHECK(size == digest.size());
  std::string text;
  for (const unsigned char byte : digest) text += fmt::format("{:02x}", byte);
  return text;
}

}  // namespace policy::catalog
