// What the decisions of bench/decide are made about: a policy with a number of tools, and calls.
#ifndef BENCH_DECIDE_WORKLOAD_H_
#define BENCH_DECIDE_WORKLOAD_H_

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "policy/program.h"

namespace policy::bench {

inline constexpr std::size_t kRequestBytes = 288;

// What most calls of the workload come to. One call of eight differs, so that no branch predictor
// knows the answer.
enum class Ending { Allow, Deny };

// `tools` tools with 2.25 conditions each: an amount below a cap that differs from tool to tool, a
// currency out of three, and for every fourth tool a recipient that is refused. With `has_limit`
// each tool has a daily limit of the grant besides.
std::shared_ptr<const Program> MakeProgram(std::size_t tools, bool has_limit);

// `count` requests of kRequestBytes each for tools spread over all of them.
std::vector<std::string> MakeRequests(std::size_t count, std::size_t tools, Ending ending);

}  // namespace policy::bench

#endif  // BENCH_DECIDE_WORKLOAD_H_
