// What is behind the handles of include/policy/policy.h.
#ifndef RUNTIME_EMBED_HANDLES_H_
#define RUNTIME_EMBED_HANDLES_H_

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "policy/counters.h"
#include "policy/decision.h"
#include "policy/evaluator.h"
#include "policy/policy.h"
#include "policy/program.h"
#include "policy/request.h"
#include "runtime/limits/memory_counters.h"
#include "runtime/limits/system_clock.h"

struct policy_error {
  std::string text;
};

struct policy_program {
  std::shared_ptr<const policy::Program> program;
  std::string version;
};

namespace policy::embed {

struct SharedCounters {
  MemoryCounters counters;
  SystemClock clock;
};

// Why a call was not decided at all.
inline constexpr std::string_view kOutOfMemory = "there is no memory to decide it";

}  // namespace policy::embed

struct policy_counters {
  std::shared_ptr<policy::embed::SharedCounters> shared;
};

struct policy_evaluator {
  std::shared_ptr<const policy::Program> program;
  std::shared_ptr<policy::embed::SharedCounters> counters;
  policy::Evaluator evaluator;  // goes before the counters do
};

struct policy_decision {
  // What `decision` and `reservation` refer to.
  std::shared_ptr<const policy::Program> program;
  std::shared_ptr<policy::embed::SharedCounters> counters;
  policy::Decision decision;
  policy::Reservation reservation;
};

namespace policy::embed {

// make(), or `otherwise` where it throws: nothing is thrown through C.
template <typename Result, typename Make>
Result Guarded(Result otherwise, Make make) noexcept {
  try {
    return make();
  } catch (const std::exception&) {
    return otherwise;
  }
}

// Sets *error, where there is one, and is null.
std::nullptr_t Fail(policy_error** error, std::string text);

// A handle of the verified program of `bytes`, or null with *error set.
policy_program* LoadProgram(std::span<const std::byte> bytes, policy_error** error);

inline std::string_view ViewOf(policy_text text) {
  return text.data == nullptr ? std::string_view() : std::string_view(text.data, text.size);
}
inline policy_text TextOf(std::string_view text) { return {text.data(), text.size()}; }

// The context as the evaluator takes it, or why there is none. Null: every default. The clock is
// read where `given` has no time.
std::expected<CallContext, std::string_view> ReadContext(const policy_context* given,
                                                         SystemClock& clock);

// Copies as much of `from` as a structure of size to->struct_size has room for, but its size.
// False: not even the size fits.
template <typename Structure>
bool CopyOut(const Structure& from, Structure* to) {
  constexpr std::size_t kSizeBytes = sizeof(from.struct_size);
  if (to == nullptr || to->struct_size < kSizeBytes) return false;
  const std::size_t bytes = std::min(to->struct_size, sizeof(Structure));
  std::memcpy(reinterpret_cast<char*>(to) + kSizeBytes,
              reinterpret_cast<const char*>(&from) + kSizeBytes, bytes - kSizeBytes);
  return true;
}

}  // namespace policy::embed

#endif  // RUNTIME_EMBED_HANDLES_H_
