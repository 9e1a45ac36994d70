// The client's side: lines out, answers in, and how long they took.
#ifndef BENCH_GATEWAY_CONVERSATION_H_
#define BENCH_GATEWAY_CONVERSATION_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bench/gateway/calls.h"
#include "bench/gateway/process.h"

namespace policy::bench {

// Not thread-safe. Ends the program where the other side closes its output early.
class Conversation {
 public:
  Conversation(const Process& process, const Calls& calls) : process_(process), calls_(calls) {}

  // Sends `line` and returns the answer's line, valid until the next call.
  std::string_view Ask(std::string_view line);
  void Tell(std::string_view line) { WriteAll(line); }

  // `count` calls, each sent when the one before it is answered; nanoseconds of each.
  std::vector<std::uint32_t> CallInTurn(std::size_t count);

  // `count` calls, at most `window` unanswered at a time; nanoseconds of all together.
  std::int64_t CallPipelined(std::size_t count, std::size_t window);

  // `count` calls, `per_second` of them whether or not those before are answered; nanoseconds of
  // each from the moment it was due.
  std::vector<std::uint32_t> CallAtRate(std::size_t count, double per_second);

  std::int64_t next_id() { return kFirstId + next_call_++; }
  std::size_t wrong_count() const { return wrong_count_; }
  std::size_t rewritten_count() const { return rewritten_count_; }

 private:
  void WriteAll(std::string_view bytes);
  // Writes what of `lines` goes without waiting, from `begin` on.
  void WriteSome(std::string& lines, std::size_t& begin);
  bool FillUnread();  // waits; false: the end
  // The next whole line that has been read already; empty: none.
  std::string_view NextLine();
  // Which call of the phase `line` answers, if it is a right answer.
  std::optional<std::size_t> Check(std::string_view line, std::vector<bool>& is_answered,
                                   std::int64_t first_id);

  const Process& process_;
  const Calls& calls_;
  std::vector<char> unread_ = std::vector<char>(std::size_t{1} << 20);
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  std::int64_t next_call_ = 0;
  std::size_t wrong_count_ = 0;
  std::size_t rewritten_count_ = 0;
};

}  // namespace policy::bench

#endif  // BENCH_GATEWAY_CONVERSATION_H_
