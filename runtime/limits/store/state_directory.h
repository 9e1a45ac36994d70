// The directory that the processes of one user share: nobody else may write there, or what limits
// count would be theirs to say.
#ifndef RUNTIME_LIMITS_STORE_STATE_DIRECTORY_H_
#define RUNTIME_LIMITS_STORE_STATE_DIRECTORY_H_

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "runtime/limits/store/file.h"

namespace policy {

class StateDirectory {
 public:
  // Makes the directory with mode 0700, and its parents, where missing. Refuses what is no
  // directory, a symbolic link, what belongs to another user, and what group or others may write
  // to. The error is a sentence that names the path.
  static std::expected<StateDirectory, std::string> Open(const std::string& path);

  // The same, but makes nothing: that there is none is an error.
  static std::expected<StateDirectory, std::string> OpenIfThere(const std::string& path);

  // Where state lies unless told, from the environment's XDG_STATE_HOME and HOME (null: not set):
  // policyd below the first, else below .local/state of the second. nullopt: neither is absolute.
  struct Environment {
    const char* state_home = nullptr;
    const char* home = nullptr;
  };
  static std::optional<std::string> DefaultPath(const Environment& environment);

  int descriptor() const { return directory_.descriptor(); }
  const std::string& path() const { return path_; }

  // Opens, or makes with mode 0600, a plain file of this directory; never through a link.
  std::expected<File, std::string> OpenFile(const char* name) const;

  // The same, where there is such a file; nullopt: there is none.
  std::expected<std::optional<File>, std::string> OpenFileIfThere(const char* name) const;
  // Puts a file with these bytes in the place of the one of that name, if any: after a power loss
  // there is the old one or the new one. The error is a sentence.
  std::expected<void, std::string> ReplaceFile(const std::string& name,
                                               std::string_view bytes) const;

  // Appends a line, without its newline, to a file of this directory, and synchronises it to the
  // device. Lines of several processes do not mix. The error is a sentence.
  std::expected<void, std::string> AppendLine(const char* name, std::string_view line) const;

  // Held by whoever looks at what the directory is, or changes it; waits for others. It ends with
  // the file that is returned.
  std::expected<File, std::string> LockIdentity() const;

  // Whoever holds this lock is the leader; it ends with the process, however that ends. nullopt:
  // another process has it.
  std::expected<std::optional<File>, std::string> TryLead() const;

  // Every process that leases holds a share of this lock as long as it lives.
  std::expected<File, std::string> JoinMembers() const;
  // Whether no other process was a member at some moment during the call. `members` stays joined.
  static bool IsAlone(const File& members);

 private:
  StateDirectory(std::string path, File directory);

  // nullopt: there is none, and `flags` do not make one.
  std::expected<std::optional<File>, std::string> OpenPlain(const char* name, int flags) const;

  std::string path_;
  File directory_;
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_STATE_DIRECTORY_H_
