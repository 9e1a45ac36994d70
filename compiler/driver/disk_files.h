// The real file system as commands see it.
#ifndef COMPILER_DRIVER_DISK_FILES_H_
#define COMPILER_DRIVER_DISK_FILES_H_

#include "compiler/driver/driver_env.h"

namespace policy {

class DiskFiles final : public Files {
 public:
  Kind KindOf(const std::string& path) const override;
  std::expected<std::string, std::string> Read(const std::string& path) const override;
  std::expected<void, std::string> Write(const std::string& path, std::string_view bytes) override;
  std::expected<std::vector<std::string>, std::string> ListBelow(
      const std::string& directory) const override;
  std::expected<std::vector<std::string>, std::string> ListIn(
      const std::string& directory) const override;
};

}  // namespace policy

#endif  // COMPILER_DRIVER_DISK_FILES_H_
