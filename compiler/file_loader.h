// Where a policy's `include` and `use tools` find their files: below the folder of the policy.
#ifndef COMPILER_FILE_LOADER_H_
#define COMPILER_FILE_LOADER_H_

#include <expected>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policy/compiler.h"
#include "policy/source.h"

namespace policy {

// Not thread-safe; one may serve many policies. Keeps what it has read, so that a file that several
// policies name is read once.
class FileLoader final : public SourceLoader {
 public:
  // The text of a file; nullopt: there is none of that name; else a sentence that names neither
  // path nor program.
  using Read =
      std::function<std::expected<std::optional<std::string>, std::string>(const std::string&)>;

  explicit FileLoader(Read read) : read_(std::move(read)) {}

  std::expected<const Source*, std::string> Load(const Source& from,
                                                 std::string_view path) override;
  std::expected<const Source*, std::string> LoadIfThere(const Source& from,
                                                        std::string_view path) override;

 private:
  struct Loaded {
    std::unique_ptr<const Source> source;
    std::string root;  // the folder that its paths stay below, with a slash at its end; or empty
  };

  Read read_;
  std::map<std::string, Loaded, std::less<>> by_name_;
  std::map<const Source*, std::string> roots_;
};

}  // namespace policy

#endif  // COMPILER_FILE_LOADER_H_
