// A verified decision program: where the compiler ends and every engine begins.
//
// Bytes become a Program only by Load, which copies and then proves them
// (runtime/program/verify.h), so a Program never needs checking again. Immutable after Load and
// safe for concurrent use; shared by shared_ptr, so that a call keeps the policy it began with
// while a new one is installed.
#ifndef POLICY_PROGRAM_H_
#define POLICY_PROGRAM_H_

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace policy {

class Layout;      // typed access to the records: runtime/program/layout.h, for engines
class NativeCode;  // machine code of a program's blocks: runtime/vm/native_code.h, for engines

// Why a program file was refused. `what` is a sentence without the file's name.
struct ProgramError {
  std::string what;
};

// What people are told about a rule that took part in a decision. Views live as long as the
// Program.
struct RuleReference {
  std::string_view id;    // "/tools/create_refund/deny_if/0"
  std::string_view file;  // the policy's own, or one it includes, as it was named to the compiler
  std::uint32_t line = 0;
};

class Program {
 public:
  // Copies `bytes`, proves every record, compiles the regular expressions. Any bytes are safe to
  // give.
  static std::expected<std::shared_ptr<const Program>, ProgramError> Load(
      std::span<const std::byte> bytes);

  ~Program();
  Program(const Program&) = delete;  // large, and shared by pointer
  Program& operator=(const Program&) = delete;

  std::span<const std::byte> bytes() const;
  std::array<std::uint8_t, 32> hash()
      const;                     // the checksum; two programs of equal hash decide alike
  std::string HashText() const;  // its first 12 hex digits, as logs name a policy version

  // `rule` as in Decision::rules. REQUIRES: it came from a decision of this program.
  RuleReference rule(std::uint32_t rule) const;

  // Whether the tools/list of `server` must not show `tool`: it is hidden, or the policy has a lock
  // and that server's tool is not in it.
  bool Hides(std::string_view tool, std::string_view server) const;

  // The server whose tools the policy's lock holds, where it is a single one; else empty.
  std::string_view PinnedServer() const;
  // Whether the policy has a lock that knows nothing of `server`: then every call to it is denied.
  bool LocksOut(std::string_view server) const;

  const Layout& layout() const { return *layout_; }

  // Machine code that decides exactly as the program's own; null where there is none. It lives as
  // long as the program. Attach: at most once, from any thread, also while calls are decided.
  const NativeCode* native() const { return native_.load(std::memory_order_acquire); }
  void Attach(std::shared_ptr<const NativeCode> native) const;

 private:
  explicit Program(std::unique_ptr<const Layout> layout);
  std::unique_ptr<const Layout> layout_;
  // No part of what the program says: only how fast it says it.
  mutable std::shared_ptr<const NativeCode> native_owner_;
  mutable std::atomic<const NativeCode*> native_ = nullptr;
};

}  // namespace policy

#endif  // POLICY_PROGRAM_H_
