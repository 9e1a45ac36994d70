// The pool's memory on disk: what was leased of every window, so that neither the leader's death
// nor a new start resets a window or multiplies it.
//
// A header and records, each with a checksum, appended by one write(2) before the leader replies: a
// killed process loses nothing that it promised. Records of long windows are synchronised to the
// device before, so that a power loss loses nothing of them either. The byte format is in
// docs/limits.md. Not thread-safe.
//
// The file is also what makes a state directory itself: state_identity.h holds it to its
// incarnation.
#ifndef RUNTIME_LIMITS_STORE_POOL_FILE_H_
#define RUNTIME_LIMITS_STORE_POOL_FILE_H_

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "runtime/limits/store/file.h"
#include "runtime/limits/store/lease_message.h"
#include "runtime/limits/store/state_directory.h"

namespace policy {

inline constexpr std::uint32_t kPoolFileVersion = 2;
inline constexpr std::uint32_t kPoolFileVersionMin = 1;  // older ones are written anew when opened
inline constexpr std::size_t kPoolFileBytesMax = 256u << 20;

struct PoolRecord {
  std::uint32_t cell_id = 0;
  CellName name;
  std::int64_t epoch_s = 0;
  std::int64_t issued = 0;    // leased of this window and not returned
  std::int64_t low_max = 0;   // the smallest limit under which a holder may still have room
  std::int64_t high_max = 0;  // the largest limit under which quota was asked for
};

// What the first bytes of a pool file say.
struct PoolHeader {
  std::uint32_t version = 0;
  std::uint64_t incarnation = 0;
};

class PoolFile {
 public:
  // Looks at the file, and changes nothing. nullopt: there is none, or its maker died before the
  // header was whole.
  static std::expected<std::optional<PoolHeader>, std::string> Peek(
      const StateDirectory& directory);

  // Reads the file, or makes it, and gives each cell's last record. A torn record at the end is cut
  // off; anything wrong before it is an error: a sentence that names the file. A file of an older
  // version is written anew as one of this version, and keeps its incarnation and every record; one
  // of a later version is refused.
  static std::expected<PoolFile, std::string> Open(const StateDirectory& directory,
                                                   std::vector<PoolRecord>& records);

  // Random, drawn when the file is made.
  std::uint64_t incarnation() const { return incarnation_; }
  std::size_t bytes() const { return end_; }
  // Cells whose windows had ended by then, in Unix seconds, may have been left out of the file.
  std::int64_t forgotten_until_s() const { return forgotten_until_s_; }

  // Appends. False: it is not in the file, and nothing may be
  // promised on it. After a synchronisation that failed nothing is ever appended again: what the
  // device holds is unknown then, and trying again would report success for what is lost.
  enum class Durability : std::uint8_t { OverProcess, OverPowerLoss };
  [[nodiscard]] bool Append(const PoolRecord& record, Durability durability);

  // Replaces the file by one that holds only `records`: cells whose windows had ended by
  // `forgotten_until_s` may be missing. False: the old one goes on.
  [[nodiscard]] bool Rewrite(const StateDirectory& directory, std::span<const PoolRecord> records,
                             std::int64_t forgotten_until_s);

 private:
  PoolFile() = default;

  std::string Encode(const PoolRecord& record);
  bool Write(const File& file, std::string_view bytes, std::size_t offset) const;

  File file_;
  std::size_t end_ = 0;
  std::uint64_t incarnation_ = 0;
  std::int64_t forgotten_until_s_ = INT64_MIN;
  std::set<std::uint32_t> named_cells_;  // whose names stand in the file
  bool is_broken_ = false;               // its end could not be mended after a failed write
  bool is_unknown_ = false;              // it could not be synchronised
};

}  // namespace policy

#endif  // RUNTIME_LIMITS_STORE_POOL_FILE_H_
