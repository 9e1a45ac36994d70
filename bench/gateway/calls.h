// What the driver sends, and what it takes for an answer.
#ifndef BENCH_GATEWAY_CALLS_H_
#define BENCH_GATEWAY_CALLS_H_

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace policy::bench {

// Seven digits each, so that all requests are of one size.
inline constexpr std::int64_t kFirstId = 1'000'000;

std::string InitializeRequest(std::int64_t id);
std::string ToolsListRequest(std::int64_t id);
inline constexpr std::string_view kInitializedNotification =
    "{\"jsonrpc\":\"2.0\",\"method\":\"notifications/initialized\"}\n";

// Requests of create_refund, alike but for the id and the amount.
class Calls {
 public:
  // `request_bytes`: of one line, its end included; at least 256.
  explicit Calls(std::size_t request_bytes);

  void Append(std::int64_t id, std::string& lines) const;

 private:
  std::string before_amount_;
  std::string after_amount_;
};

enum class Verdict : std::uint8_t {
  Same,       // byte for byte what bench_echo_server writes
  Rewritten,  // the same answer in other words: some proxies write messages anew
  Wrong,      // an error, a refusal, or no answer
};

// `id`: of the answer, where it is not wrong.
struct Answer {
  Verdict verdict = Verdict::Wrong;
  std::int64_t id = 0;
};

Answer ReadAnswer(std::string_view line);

}  // namespace policy::bench

#endif  // BENCH_GATEWAY_CALLS_H_
