// Files of configuration: read with a limit, and not where others may have written or read them.
#ifndef RUNTIME_GATEWAY_CONFIG_CONFIG_FILE_H_
#define RUNTIME_GATEWAY_CONFIG_CONFIG_FILE_H_

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "runtime/gateway/config/config_trouble.h"

namespace policy::gateway {

// A regular file of at most `bytes_max`.
std::expected<std::string, ConfigTrouble> ReadConfigFile(const std::string& path,
                                                         std::size_t bytes_max);

// The same of one that others may not read or write: neither group nor world. It belongs to us or
// to root.
std::expected<std::string, ConfigTrouble> ReadSecretFile(const std::string& path,
                                                         std::size_t bytes_max);

// Puts `text` in the place of the file in one step, readable by its owner alone: who reads it sees
// the old or the new, also after a crash. The error is a sentence.
std::expected<void, std::string> ReplaceSecretFile(const std::string& path, std::string_view text);

// Held by whoever changes a file, so that of two changes none is lost. Beside the file, as the file
// itself is replaced.
class FileLock {
 public:
  // Waits for whoever holds it.
  static std::expected<FileLock, std::string> Take(const std::string& path);
  FileLock(FileLock&& other) noexcept;
  FileLock& operator=(FileLock&&) = delete;
  FileLock(const FileLock&) = delete;  // one holder
  FileLock& operator=(const FileLock&) = delete;
  ~FileLock();

 private:
  explicit FileLock(int file) : file_(file) {}
  int file_;
};

}  // namespace policy::gateway

#endif  // RUNTIME_GATEWAY_CONFIG_CONFIG_FILE_H_
