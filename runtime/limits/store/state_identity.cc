#include "runtime/limits/store/state_identity.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <thread>
#include <vector>

#include "runtime/limits/store/pool_file.h"
#include "runtime/value/text_hash.h"

namespace policy {
namespace {

constexpr char kFileName[] = "identity";
constexpr std::string_view kFirstLine = "policyd state 1\n";
constexpr std::size_t kFileBytesMax = 256;
// How long another process that leads may need to make its pool.
constexpr int kPoolTries = 100;
constexpr std::chrono::milliseconds kPoolInterval(10);

std::string Sixteen(std::uint64_t number) {
  std::array<char, 17> text;
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
  return text.data();
}

// Takes "NAME NUMBER\n" from the front.
bool TakeNumber(std::string_view& text, std::string_view name, int base, std::uint64_t& number) {
  if (!text.starts_with(name)) return false;
  text.remove_prefix(name.size());
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number, base);
  if (parsed.ec != std::errc() || parsed.ptr == text.data() + text.size() || *parsed.ptr != '\n') {
    return false;
  }
  text.remove_prefix(static_cast<std::size_t>(parsed.ptr + 1 - text.data()));
  return true;
}

// nullopt: there is no such file.
std::expected<std::optional<StateIdentity>, std::string> Read(const StateDirectory& directory,
                                                              const std::string& name) {
  auto file = directory.OpenFileIfThere(name.c_str());
  if (!file) return std::unexpected(file.error());
  if (!*file) return std::nullopt;
  std::string text(kFileBytesMax, '\0');
  const ssize_t got = pread((*file)->descriptor(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  const auto identity = ParseStateIdentity(text);
  if (!identity) {
    return std::unexpected("state directory " + directory.path() + "/" + name +
                           ": the file is damaged; move it away, and start once with --init-state");
  }
  return *identity;
}

// The pool's incarnation, of a pool that is made where there is none.
std::expected<std::uint64_t, std::string> HavePool(const StateDirectory& directory) {
  for (int i = 0; i < kPoolTries; ++i) {
    const auto header = PoolFile::Peek(directory);
    if (!header) return std::unexpected(header.error());
    if (*header) return (*header)->incarnation;
    const auto lead = directory.TryLead();
    if (!lead) return std::unexpected(lead.error());
    if (*lead) {
      std::vector<PoolRecord> records;
      const auto pool = PoolFile::Open(directory, records);
      if (!pool) return std::unexpected(pool.error());
      return pool->incarnation();
    }
    std::this_thread::sleep_for(kPoolInterval);
  }
  return std::unexpected("state directory " + directory.path() +
                         ": its pool is gone while another policyd uses it; end that first");
}

// What is remembered of one state directory, outside of it.
class Memory {
 public:
  // An empty path remembers nothing.
  Memory(const std::string& path, const StateDirectory& state)
      : name_(Sixteen(HashBytes(state.path()))) {
    if (path.empty()) return;
    auto directory = StateDirectory::Open(path);
    if (directory) {
      directory_.emplace(std::move(*directory));
    } else {
      trouble_ = directory.error();
    }
  }

  bool is_there() const { return directory_.has_value(); }
  const std::string& trouble() const { return trouble_; }
  std::expected<std::optional<StateIdentity>, std::string> Recall() const {
    if (!directory_) return std::nullopt;
    return Read(*directory_, name_);
  }
  void Remember(const StateIdentity& identity) {
    if (!directory_) return;
    if (auto done = directory_->ReplaceFile(name_, EncodeStateIdentity(identity)); !done) {
      trouble_ = done.error();
    }
  }

 private:
  const std::string name_;
  std::optional<StateDirectory> directory_;
  std::string trouble_;
};

struct Found {
  std::optional<StateIdentity> identity;
  std::optional<PoolHeader> pool;
  std::optional<StateIdentity> remembered;
};

enum class Finding { Same, IsOfBefore, IsNew, IsLost };

// What became of the directory; `why` says what is missing of one that is lost.
Finding Judge(const Found& found, const Memory& memory, std::string_view& why) {
  const auto lost = [&](std::string_view reason) {
    why = reason;
    return Finding::IsLost;
  };
  if (!found.identity && found.pool && found.pool->version < kPoolFileVersion &&
      !found.remembered) {
    return Finding::IsOfBefore;  // made before directories had an identity
  }
  if (!found.identity) {
    if (found.remembered) return lost("the counters that it held are gone");
    // One that somebody named may be a volume that is not mounted.
    return memory.is_there() ? Finding::IsNew : lost("it holds no counters yet");
  }
  if (!found.pool) return lost("its pool of counters is gone");
  if (found.pool->incarnation != found.identity->incarnation) {
    return lost("its pool of counters is another one than before");
  }
  if (!found.remembered) return Finding::Same;
  if (found.remembered->incarnation != found.identity->incarnation) {
    return lost("it holds other counters than before");
  }
  if (found.remembered->starts > found.identity->starts) {
    return lost("it is an older copy of what it was, with older counts");
  }
  return Finding::Same;
}

}  // namespace

std::string EncodeStateIdentity(const StateIdentity& identity) {
  return std::string(kFirstLine) + "pool " + Sixteen(identity.incarnation) + "\nstarts " +
         std::to_string(identity.starts) + "\n";
}

std::optional<StateIdentity> ParseStateIdentity(std::string_view text) {
  StateIdentity identity;
  if (!text.starts_with(kFirstLine)) return std::nullopt;
  text.remove_prefix(kFirstLine.size());
  if (!TakeNumber(text, "pool ", 16, identity.incarnation) ||
      !TakeNumber(text, "starts ", 10, identity.starts) || !text.empty()) {
    return std::nullopt;
  }
  return identity;
}

std::string DefaultMemoryPath(const MemoryEnvironment& environment) {
  const auto is_absolute = [](const char* path) { return path != nullptr && path[0] == '/'; };
  if (is_absolute(environment.data_home)) return std::string(environment.data_home) + "/policyd";
  if (is_absolute(environment.home)) return std::string(environment.home) + "/.local/share/policyd";
  return {};
}

std::expected<EnteredState, std::string> EnterState(const StateDirectory& directory,
                                                    const StateEntry& entry) {
  const auto lock = directory.LockIdentity();
  if (!lock) return std::unexpected(lock.error());
  Memory memory(entry.memory_path, directory);
  Found found;
  auto identity = Read(directory, kFileName);
  if (!identity) return std::unexpected(identity.error());
  auto pool = PoolFile::Peek(directory);
  if (!pool) return std::unexpected(pool.error());
  auto remembered = memory.Recall();
  if (!remembered) return std::unexpected(remembered.error());
  found = {.identity = *identity, .pool = *pool, .remembered = *remembered};

  std::string_view why;
  const Finding finding = Judge(found, memory, why);
  if (!entry.has_durable_counters && finding != Finding::IsOfBefore) return EnteredState{};
  if (finding == Finding::IsLost && !entry.may_begin) {
    return std::unexpected("state directory " + directory.path() + ": " + std::string(why) +
                           ", and the policy has limits that must not begin anew unnoticed; if "
                           "they are to begin now, start once with --init-state");
  }
  const auto incarnation = HavePool(directory);
  if (!incarnation) return std::unexpected(incarnation.error());
  const std::uint64_t starts = std::max(found.identity ? found.identity->starts : 0,
                                        found.remembered ? found.remembered->starts : 0);
  const StateIdentity now{.incarnation = *incarnation, .starts = starts + 1};
  // The memory last: a start that is cut off in between leaves the directory ahead of it.
  if (auto done = directory.ReplaceFile(kFileName, EncodeStateIdentity(now)); !done) {
    return std::unexpected(done.error());
  }
  memory.Remember(now);
  EnteredState entered{.has_begun = finding == Finding::IsNew || finding == Finding::IsLost,
                       .trouble = {}};
  if (!memory.trouble().empty()) {
    entered.trouble = memory.trouble() + ": if the state directory is lost, that will not be seen";
  }
  return entered;
}

}  // namespace policy
