// The file in which perf looks up the names of code that no file holds: a line for each function.
#ifndef RUNTIME_JIT_PERF_MAP_H_
#define RUNTIME_JIT_PERF_MAP_H_

#include <cstddef>
#include <expected>
#include <memory>
#include <string>
#include <string_view>

namespace policy::jit {

// Where perf looks for this process: /tmp/perf-PID.map.
std::string PerfMapPath();

// Lines are only added: code that is unmapped keeps its line, as what perf sampled before needs.
//
// Thread safety: Add from any thread.
class PerfMap {
 public:
  // The file is new and only its owner may read it; one of an ended process, of the same user and
  // path, is removed. The error is a sentence.
  static std::expected<std::unique_ptr<PerfMap>, std::string> Open(const std::string& path);
  PerfMap(const PerfMap&) = delete;  // owns a file descriptor
  PerfMap& operator=(const PerfMap&) = delete;
  ~PerfMap();

  // `name`: any bytes; those that would end or garble the line are shown as `?`. What cannot be
  // written is not there: nothing depends on it.
  void Add(const void* code, std::size_t bytes, std::string_view name);

 private:
  explicit PerfMap(int file) : file_(file) {}

  int file_;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_PERF_MAP_H_
