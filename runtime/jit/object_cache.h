// Objects on disk, so that a policy that was compiled once is not compiled again.
#ifndef RUNTIME_JIT_OBJECT_CACHE_H_
#define RUNTIME_JIT_OBJECT_CACHE_H_

#include <cstdint>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "policy/program.h"

namespace policy::jit {

// So many objects are kept; when there are more at Open, the oldest half goes.
inline constexpr std::size_t kCachedObjectsMax = 20'000;
// Larger files are none of ours.
inline constexpr std::size_t kCachedObjectBytesMax = std::size_t{16} << 20;

// A directory of files, one for each object, named for all that it depends on: the program, the
// block, this policyd, its LLVM, its code generator and the machine. Several processes may use one.
// Code that is found here is code that will run, so the directory must be the user's alone; what is
// loaded is compared with the digest that stands before it, on the very bytes that are given out.
//
// Not thread-safe.
class ObjectCache {
 public:
  struct Makers {
    std::string linker;        // Linker::build
    std::string codegen_path;  // policyd-codegen
  };

  // Makes the directory with mode 0700, and its parents, where missing. Refuses a link, another
  // user's, and one that others may look into. The error is a sentence that names it.
  static std::expected<std::unique_ptr<ObjectCache>, std::string> Open(const std::string& directory,
                                                                       const Makers& makers);
  ~ObjectCache();
  ObjectCache(const ObjectCache&) = delete;  // holds the directory open
  ObjectCache& operator=(const ObjectCache&) = delete;

  // nullopt: there is none that is whole.
  std::optional<std::string> Find(const Program& program, std::uint32_t block);
  // Best effort: what cannot be written is compiled again next time.
  void Keep(const Program& program, std::uint32_t block, std::string_view object) const;

  std::uint64_t found_count() const { return found_count_; }

 private:
  ObjectCache(int directory, std::string makers) : directory_(directory), makers_(makers) {}
  std::string NameOf(const Program& program, std::uint32_t block) const;
  void DropOldest() const;

  int directory_;
  std::string makers_;  // what made the objects, in one text
  std::uint64_t found_count_ = 0;
};

}  // namespace policy::jit

#endif  // RUNTIME_JIT_OBJECT_CACHE_H_
