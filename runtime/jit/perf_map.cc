#include "runtime/jit/perf_map.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <system_error>

namespace policy::jit {

std::string PerfMapPath() { return "/tmp/perf-" + std::to_string(::getpid()) + ".map"; }

// O_EXCL: in a folder that all may write to, nobody has laid a file or a link there.
std::expected<std::unique_ptr<PerfMap>, std::string> PerfMap::Open(const std::string& path) {
  constexpr int kFlags = O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_CLOEXEC;
  int file = ::open(path.c_str(), kFlags, 0600);
  if (file < 0 && errno == EEXIST && ::unlink(path.c_str()) == 0) {
    file = ::open(path.c_str(), kFlags, 0600);
  }
  if (file >= 0) return std::unique_ptr<PerfMap>(new PerfMap(file));
  return std::unexpected(path + ": cannot be made: " + std::generic_category().message(errno));
}

PerfMap::~PerfMap() { ::close(file_); }

void PerfMap::Add(const void* code, std::size_t bytes, std::string_view name) {
  std::string line = fmt::format("{:x} {:x} ", reinterpret_cast<std::uintptr_t>(code), bytes);
  std::ranges::transform(name, std::back_inserter(line), [](char c) {
    return static_cast<unsigned char>(c) < ' ' || c == '\x7F' ? '?' : c;
  });
  line += '\n';
  [[maybe_unused]] const auto written = ::write(file_, line.data(), line.size());
}

}  // namespace policy::jit
