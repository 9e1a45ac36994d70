#include "bench/gateway/conversation.h"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace policy::bench {

namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr std::size_t kShownLineBytesMax = 300;

constexpr auto kLastAnswerWait = std::chrono::seconds(30);

// 0 where that moment has passed.
timespec WaitUntil(steady_clock::time_point moment) {
  const auto wait = std::max<std::int64_t>(nanoseconds(moment - steady_clock::now()).count(), 0);
  return {.tv_sec = wait / 1'000'000'000, .tv_nsec = wait % 1'000'000'000};
}

[[noreturn]] void StopEarly(const char* what) {
  std::fprintf(stderr, "bench_driver: %s before all was answered\n", what);
  std::exit(1);
}

}  // namespace

std::string_view Conversation::Ask(std::string_view line) {
  WriteAll(line);
  while (true) {
    const std::string_view answer = NextLine();
    if (!answer.empty()) return answer;
    if (!FillUnread()) StopEarly("the output ended");
  }
}

std::vector<std::uint32_t> Conversation::CallInTurn(std::size_t count) {
  std::vector<std::uint32_t> latencies(count);
  std::vector<bool> is_answered(count);
  std::string line;
  const std::int64_t first_id = kFirstId + next_call_;
  for (std::uint32_t& latency : latencies) {
    line.clear();
    calls_.Append(next_id(), line);
    const auto sent = steady_clock::now();
    const std::string_view answer = Ask(line);
    latency = static_cast<std::uint32_t>(nanoseconds(steady_clock::now() - sent).count());
    Check(answer, is_answered, first_id);
  }
  return latencies;
}

std::int64_t Conversation::CallPipelined(std::size_t count, std::size_t window) {
  std::vector<bool> is_answered(count);
  const std::int64_t first_id = kFirstId + next_call_;
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::string lines;
  std::size_t written = 0;
  const auto began = steady_clock::now();
  while (answered < count) {
    for (; sent < count && sent - answered < window; ++sent) calls_.Append(next_id(), lines);
    WriteSome(lines, written);
    pollfd waits[] = {{process_.output, POLLIN, 0},
                      {lines.empty() ? -1 : process_.input, POLLOUT, 0}};
    poll(waits, 2, -1);
    if (waits[0].revents == 0) continue;
    if (!FillUnread()) StopEarly("the output ended");
    for (std::string_view line; !(line = NextLine()).empty(); ++answered) {
      Check(line, is_answered, first_id);
    }
  }
  return nanoseconds(steady_clock::now() - began).count();
}

std::vector<std::uint32_t> Conversation::CallAtRate(std::size_t count, double per_second) {
  std::vector<std::uint32_t> latencies(count);
  std::vector<bool> is_answered(count);
  const std::int64_t first_id = kFirstId + next_call_;
  std::size_t sent = 0;
  std::size_t answered = 0;
  std::string lines;
  std::size_t written = 0;
  const auto began = steady_clock::now();
  const auto due = [began, per_second](std::size_t call) {
    return began +
           nanoseconds(static_cast<std::int64_t>(1e9 * static_cast<double>(call) / per_second));
  };
  while (answered < count) {
    const auto now = steady_clock::now();
    for (; sent < count && due(sent) <= now; ++sent) calls_.Append(next_id(), lines);
    WriteSome(lines, written);
    pollfd waits[] = {{process_.output, POLLIN, 0},
                      {lines.empty() ? -1 : process_.input, POLLOUT, 0}};
    const timespec wait = WaitUntil(sent < count ? due(sent) : now + kLastAnswerWait);
    if (ppoll(waits, 2, &wait, nullptr) == 0 && sent == count) StopEarly("no answer came");
    if (waits[0].revents == 0) continue;
    if (!FillUnread()) StopEarly("the output ended");
    const auto read_at = steady_clock::now();
    for (std::string_view line; !(line = NextLine()).empty(); ++answered) {
      const auto call = Check(line, is_answered, first_id);
      if (!call) continue;
      const std::int64_t late = nanoseconds(read_at - due(*call)).count();
      latencies[*call] = static_cast<std::uint32_t>(std::min<std::int64_t>(late, UINT32_MAX));
    }
  }
  return latencies;
}

void Conversation::WriteAll(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = write(process_.input, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
      continue;
    }
    if (errno != EAGAIN) StopEarly("the input was closed");
    pollfd wait{process_.input, POLLOUT, 0};
    poll(&wait, 1, -1);
  }
}

void Conversation::WriteSome(std::string& lines, std::size_t& begin) {
  while (begin < lines.size()) {
    const ssize_t count = write(process_.input, lines.data() + begin, lines.size() - begin);
    if (count < 0 && errno == EAGAIN) return;
    if (count < 0) StopEarly("the input was closed");
    begin += static_cast<std::size_t>(count);
  }
  lines.clear();
  begin = 0;
}

bool Conversation::FillUnread() {
  std::memmove(unread_.data(), unread_.data() + begin_, end_ - begin_);
  end_ -= begin_;
  begin_ = 0;
  const ssize_t count = read(process_.output, unread_.data() + end_, unread_.size() - end_);
  if (count <= 0) return false;
  end_ += static_cast<std::size_t>(count);
  return true;
}

std::string_view Conversation::NextLine() {
  const std::string_view all(unread_.data() + begin_, end_ - begin_);
  const std::size_t size = all.find('\n');
  if (size == std::string_view::npos) return {};
  begin_ += size + 1;
  return all.substr(0, size);
}

// Each call of a phase is answered once.
std::optional<std::size_t> Conversation::Check(std::string_view line,
                                               std::vector<bool>& is_answered,
                                               std::int64_t first_id) {
  const Answer answer = ReadAnswer(line);
  const auto index = static_cast<std::size_t>(answer.id - first_id);
  const bool is_right = answer.verdict != Verdict::Wrong && answer.id >= first_id &&
                        index < is_answered.size() && !is_answered[index];
  if (is_right) {
    is_answered[index] = true;
    if (answer.verdict == Verdict::Rewritten) ++rewritten_count_;
    return index;
  }
  if (wrong_count_++ == 0) {
    std::fprintf(stderr, "bench_driver: wrong answer: %.*s\n",
                 static_cast<int>(std::min(line.size(), kShownLineBytesMax)), line.data());
  }
  return std::nullopt;
}

}  // namespace policy::bench
