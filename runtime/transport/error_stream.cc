#include "runtime/transport/error_stream.h"

namespace policy::transport {
namespace {

constexpr std::string_view kPrefix = "policyd: ";

}  // namespace

ErrorStream::~ErrorStream() {
  if (is_waiting_) loop_->Unwatch(stream_.number());
}

void ErrorStream::Append(std::string_view bytes) {
  if (buffer_.size() + bytes.size() > kErrorBytesMax) {
    dropped_bytes_ += bytes.size();
    return;
  }
  buffer_.append(bytes);
  if (!bytes.empty()) is_at_line_begin_ = bytes.back() == '\n';
}

void ErrorStream::Pass(std::string_view bytes) { Append(bytes); }

void ErrorStream::Say(std::string_view text) {
  if (!is_at_line_begin_) Append("\n");
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string line(kPrefix);
    line += text.substr(0, end);
    line.push_back('\n');
    Append(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

bool ErrorStream::Flush() {
  while (!buffer_.empty()) {
    const Moved moved = stream_.Write(buffer_);
    if (moved.state == StreamState::Ended) buffer_.clear();  // nobody reads it any more
    if (moved.state != StreamState::Ready) break;
    buffer_.erase(0, moved.bytes);
    if (buffer_.empty() && dropped_bytes_ != 0) {
      const std::size_t dropped = std::exchange(dropped_bytes_, 0);
      Say(std::to_string(dropped) + " bytes of standard error were dropped: nobody read them");
    }
  }
  if (loop_ != nullptr && !buffer_.empty() != is_waiting_) {
    is_waiting_ = !is_waiting_;
    if (is_waiting_) {
      loop_->Watch(stream_.number(), {.writable = true}, *this);
    } else {
      loop_->Unwatch(stream_.number());
    }
  }
  return buffer_.empty();
}

void ErrorStream::OnReady(Interest) { Flush(); }

}  // namespace policy::transport
