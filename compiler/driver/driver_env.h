// What a command of policyc may touch of the world: given to it, never reached for.
//
// main.cc passes the process's streams and the real file system; tests pass their own.
#ifndef COMPILER_DRIVER_DRIVER_ENV_H_
#define COMPILER_DRIVER_DRIVER_ENV_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <iosfwd>
#include <string>
#include <string_view>
#include <vector>

namespace policy {

// Larger files are not even read; each format has a smaller limit of its own.
inline constexpr std::size_t kInputFileBytesMax = 256u << 20;

// The files a command reads and writes. Errors are sentences that name neither path nor program.
class Files {
 public:
  enum class Kind : std::uint8_t { Missing, File, Directory };

  virtual ~Files() = default;
  virtual Kind KindOf(const std::string& path) const = 0;
  virtual std::expected<std::string, std::string> Read(const std::string& path) const = 0;

  // Replaces the file in one step: a reader sees the old text or the new one.
  virtual std::expected<void, std::string> Write(const std::string& path,
                                                 std::string_view bytes) = 0;

  // Every regular file below `directory`, sorted, each with `directory` in front. Links are not
  // followed.
  virtual std::expected<std::vector<std::string>, std::string> ListBelow(
      const std::string& directory) const = 0;
  // The same, of those that lie in `directory` itself.
  virtual std::expected<std::vector<std::string>, std::string> ListIn(
      const std::string& directory) const = 0;
};

struct DriverEnv {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
  Files& files;
  bool err_is_terminal = false;          // colour is for people
  bool out_is_terminal = false;          // likewise
  std::function<std::int64_t()> now_ns;  // wall clock, Unix nanoseconds
};

}  // namespace policy

#endif  // COMPILER_DRIVER_DRIVER_ENV_H_
