// The decision log: one JSON line a call, and one for each message that was refused.
//
// Lines are collected during a turn of the loop and written at its end. While they cannot be
// written the log has failed, and the gateway lets no call through.
#ifndef RUNTIME_GATEWAY_DECISION_LOG_H_
#define RUNTIME_GATEWAY_DECISION_LOG_H_

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "policy/decision.h"
#include "policy/program.h"

namespace policy::gateway {

// Denials keep coming while a failed log cannot take them: beyond this they are counted, not kept.
inline constexpr std::size_t kLogBufferBytesMax = std::size_t{1} << 20;

// Views are used during Append only.
struct LogEntry {
  std::int64_t now_ns = 0;
  std::string_view identity;  // whose message it is: LogIdentity's
  std::string_view method;
  std::string_view tool;             // empty: none
  std::string_view arguments;        // raw record, or empty: none
  std::string_view decision;         // "allow", …, or "refused"
  std::string_view reason;           // why a message was refused, or a call without a rule denied
  std::string_view policy;           // the version in force
  const Program* program = nullptr;  // whose rules `taken` names
  const Decision* taken = nullptr;   // may be null
  bool is_observed = false;          // let through, although it was decided otherwise
  std::int64_t latency_ns = 0;       // from the whole message read to its decision
};

// Who speaks with whom; the session's name is not a secret.
struct LogSpeakers {
  std::string_view server;
  std::string_view session;
  std::string_view grant;
};
// The members of a line that are the same for all messages of a session, made once.
std::string LogIdentity(const LogSpeakers& speakers);

struct LogOptions {
  std::string path;
  bool logs_argument_values = false;
};

// Not thread-safe. Several logs, in one process or more, may append to one file: lines stay whole.
class DecisionLog {
 public:
  // Opens or makes the file, readable by its owner alone. The error is a sentence.
  static std::expected<DecisionLog, std::string> Open(LogOptions options);
  DecisionLog(DecisionLog&& other) noexcept;
  DecisionLog& operator=(DecisionLog&&) = delete;
  DecisionLog(const DecisionLog&) = delete;  // owns the file
  DecisionLog& operator=(const DecisionLog&) = delete;
  ~DecisionLog();

  void Append(const LogEntry& entry);

  // Writes what was appended. false: it could not all be written (and is kept for the next Flush).
  bool Flush();
  bool has_failed() const { return !failure_.empty(); }
  const std::string& failure() const { return failure_; }  // a sentence; empty when all is well

 private:
  DecisionLog(LogOptions options, int file);

  LogOptions options_;
  int file_ = -1;
  std::string buffer_;
  std::string failure_;
  std::int64_t shown_second_ = -1;  // the second that `second_text_` says
  std::string second_text_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_DECISION_LOG_H_
