#include "runtime/transport/output_queue.h"

#include <algorithm>

namespace policy::transport {
namespace {

// An empty queue gives memory beyond this back: one huge message is no reason to keep it.
constexpr std::size_t kKeptBytesMax = std::size_t{256} << 10;

}  // namespace

void OutputQueue::Append(std::string_view line, std::uint64_t tag) {
  if (tag != 0) unstarted_.push_back({tag, dropped_ + buffer_.size(), line.size() + 1});
  buffer_.append(line);
  buffer_.push_back('\n');
}

bool OutputQueue::Remove(std::uint64_t tag) {
  const auto found = std::ranges::find(unstarted_, tag, &Tagged::tag);
  if (found == unstarted_.end()) return false;
  const std::size_t size = found->size;
  buffer_.erase(static_cast<std::size_t>(found->begin - dropped_), size);
  for (auto later = unstarted_.erase(found); later != unstarted_.end(); ++later) {
    later->begin -= size;
  }
  return true;
}

void OutputQueue::Clear() {
  dropped_ += buffer_.size();
  written_ = 0;
  buffer_.clear();
  buffer_.shrink_to_fit();
  unstarted_.clear();
}

StreamState OutputQueue::Flush(Stream& stream) {
  while (written_ < buffer_.size()) {
    const Moved moved = stream.Write(std::string_view(buffer_).substr(written_));
    if (moved.state != StreamState::Ready) {
      DropWritten();
      return moved.state;
    }
    written_ += moved.bytes;
    while (!unstarted_.empty() && unstarted_.front().begin < dropped_ + written_) {
      unstarted_.pop_front();
    }
  }
  dropped_ += buffer_.size();
  written_ = 0;
  buffer_.clear();
  if (buffer_.capacity() > kKeptBytesMax) buffer_.shrink_to_fit();
  return StreamState::Ready;
}

// What is left is moved only when no more than was written since the last time: each byte once.
void OutputQueue::DropWritten() {
  if (written_ < buffer_.size() - written_) return;
  buffer_.erase(0, written_);
  dropped_ += written_;
  written_ = 0;
}

}  // namespace policy::transport
