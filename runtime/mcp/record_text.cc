#include "runtime/mcp/record_text.h"

#include <algorithm>
#include <utility>

#include "policy/check.h"
#include "runtime/value/json_walk.h"

namespace policy::mcp {

std::string_view MemberOf(std::string_view record, std::string_view key) {
  if (!IsRecord(record)) return {};
  RecordWalk walk(record);
  for (std::string_view name, value; walk.Next(name, value);) {
    if (JsonStringEquals(name, key)) return value;
  }
  return {};
}

std::optional<std::string> TextOf(std::string_view raw) {
  if (!raw.starts_with('"')) return std::nullopt;
  std::string text(raw.size(), '\0');
  text.resize(Unescape(raw, text.data()));
  return text;
}

void Splice::Replace(std::string_view part, std::string by) {
  CHECK(part.data() >= text_.data() && part.data() + part.size() <= text_.data() + text_.size());
  parts_.push_back({part, std::move(by)});
}

void Splice::AddMembers(std::string_view record, std::string_view members) {
  CHECK(IsRecord(record));
  RecordWalk walk(record);
  std::string_view key;
  std::string_view value;
  std::string added(members);
  if (walk.Next(key, value)) added += ',';
  Replace(record.substr(1, 0), std::move(added));
}

// A member goes with the comma before it, the first ones with the comma behind.
std::size_t Splice::RemoveMembers(std::string_view record,
                                  const std::function<bool(std::string_view)>& is_removed) {
  if (!IsRecord(record)) return 0;
  std::size_t removed = 0;
  bool has_kept = false;
  const char* end_of_previous = record.data() + 1;
  const char* begin_of_removed = nullptr;  // before the first that is kept
  RecordWalk walk(record);
  for (std::string_view key, value; walk.Next(key, value);) {
    const char* const end = value.data() + value.size();
    if (is_removed(*TextOf(key))) {
      ++removed;
      if (has_kept) {
        Replace({end_of_previous, static_cast<std::size_t>(end - end_of_previous)}, {});
      } else if (begin_of_removed == nullptr) {
        begin_of_removed = key.data();
      }
    } else if (!has_kept) {
      has_kept = true;
      if (begin_of_removed != nullptr) {
        Replace({begin_of_removed, static_cast<std::size_t>(key.data() - begin_of_removed)}, {});
      }
    }
    end_of_previous = end;
  }
  if (!has_kept && begin_of_removed != nullptr) {
    Replace({begin_of_removed, static_cast<std::size_t>(end_of_previous - begin_of_removed)}, {});
  }
  return removed;
}

std::string Splice::Text() {
  // What is added at a place comes before what is exchanged from there on.
  std::ranges::stable_sort(
      parts_, {}, [](const Part& part) { return std::pair(part.old.data(), part.old.size()); });
  std::string text;
  std::size_t bytes = text_.size();
  for (const Part& part : parts_) bytes += part.by.size();
  text.reserve(bytes);
  const char* at = text_.data();
  for (const Part& part : parts_) {
    CHECK(part.old.data() >= at);  // they do not overlap
    text.append(at, part.old.data());
    text += part.by;
    at = part.old.data() + part.old.size();
  }
  text.append(at, text_.data() + text_.size());
  return text;
}

}  // namespace policy::mcp
