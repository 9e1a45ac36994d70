#include "runtime/transport/http/sse.h"

#include <algorithm>
#include <cstring>

namespace policy::transport {
namespace {

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";

// Where the first line end in `bytes` stands, or their size.
std::size_t FindLineEnd(std::string_view bytes) {
  const std::size_t feed = std::min(bytes.find('\n'), bytes.size());
  return std::min(bytes.substr(0, feed).find('\r'), feed);
}

}  // namespace

bool SseReader::Feed(std::string_view bytes, const std::function<bool(const SseEvent&)>& on_event) {
  while (!bytes.empty()) {
    if (skips_line_feed_) {
      skips_line_feed_ = false;
      if (bytes.front() == '\n') {
        bytes.remove_prefix(1);
        continue;
      }
    }
    const std::size_t end = FindLineEnd(bytes);
    if (pending_.size() + data_.size() + end > event_bytes_max_) return false;
    if (end == bytes.size()) {
      pending_.append(bytes);
      return true;
    }
    skips_line_feed_ = bytes[end] == '\r';
    const std::string_view line = bytes.substr(0, end);
    bytes.remove_prefix(end + 1);
    if (pending_.empty()) {
      if (!Line(line, on_event)) return false;
      continue;
    }
    pending_.append(line);
    const std::string whole = std::move(pending_);
    pending_.clear();
    if (!Line(whole, on_event)) return false;
  }
  return true;
}

bool SseReader::Line(std::string_view line, const std::function<bool(const SseEvent&)>& on_event) {
  if (is_at_start_) {
    is_at_start_ = false;
    if (line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  }
  if (line.empty()) return Blank(on_event);
  if (line.front() == ':') return true;
  const std::size_t colon = std::min(line.find(':'), line.size());
  std::string_view value = line.substr(std::min(colon + 1, line.size()));
  if (value.starts_with(' ')) value.remove_prefix(1);
  Field(line.substr(0, colon), value);
  return true;
}

void SseReader::Field(std::string_view name, std::string_view value) {
  if (name == "data") {
    if (has_data_) data_.push_back('\n');
    data_.append(value);
    has_data_ = true;
  } else if (name == "event") {
    event_ = value;
    return;  // alone it is none
  } else if (name == "id") {
    if (value.find('\0') != std::string_view::npos) return;
    id_ = value;
    has_event_id_ = true;
  } else if (name == "retry") {
    const bool is_number =
        !value.empty() && std::ranges::all_of(value, [](char c) { return c >= '0' && c <= '9'; });
    if (!is_number) return;
    retry_ = value;
    has_retry_ = true;
  } else {
    return;
  }
  has_field_ = true;
}

bool SseReader::Blank(const std::function<bool(const SseEvent&)>& on_event) {
  if (!has_field_) {
    event_.clear();
    return true;
  }
  SseEvent event{.event = event_, .data = data_, .has_data = has_data_};
  if (has_event_id_) event.id = id_;
  if (has_retry_) event.retry = retry_;
  const bool goes_on = on_event(event);
  event_.clear();
  data_.clear();
  // One large event is no reason to keep its room.
  if (constexpr std::size_t kKeptBytesMax = 65'536; data_.capacity() > kKeptBytesMax) {
    data_.shrink_to_fit();
  }
  has_event_id_ = has_data_ = has_retry_ = has_field_ = false;
  return goes_on;
}

void AppendSseEvent(std::string& out, const SseEvent& event) {
  if (!event.event.empty()) out.append("event: ").append(event.event).push_back('\n');
  if (event.id) out.append("id: ").append(*event.id).push_back('\n');
  if (event.retry) out.append("retry: ").append(*event.retry).push_back('\n');
  if (event.has_data || !event.data.empty()) {
    std::string_view rest = event.data;
    while (true) {
      const std::size_t end = FindLineEnd(rest);
      out.append("data: ").append(rest.substr(0, end)).push_back('\n');
      if (end == rest.size()) break;
      const bool is_pair = rest.substr(end).starts_with("\r\n");
      rest.remove_prefix(end + (is_pair ? 2 : 1));
    }
  }
  out.push_back('\n');
}

void AppendSseComment(std::string& out, std::string_view text) {
  out.append(": ").append(text).append("\n\n");
}

}  // namespace policy::transport
