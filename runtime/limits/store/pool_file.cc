#include "runtime/limits/store/pool_file.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "policy/check.h"
#include "runtime/limits/wire.h"

namespace policy {
namespace {

constexpr char kFileName[] = "pool";
constexpr char kNewFileName[] = "pool.new";
constexpr std::string_view kMagic = "POLICYLP";
constexpr std::size_t kHeaderBytes = 8 + 4 + 8 + 4;
// Length, its complement, checksum of the body. The complement tells a damaged length from one
// whose record is cut off.
constexpr std::size_t kRecordHeadBytes = 12;
constexpr std::size_t kRecordBytesMax = kLeaseFrameBytesMax;

enum class RecordType : std::uint8_t { Name = 1, State = 2, Forgotten = 3 };

constexpr auto kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78 : 0);
    table[i] = value;
  }
  return table;
}();

// CRC-32C.
std::uint32_t Checksum(std::string_view bytes) {
  std::uint32_t crc = 0xFFFFFFFF;
  for (const char c : bytes)
    crc = (crc >> 8) ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~crc;
}

std::string EncodeHeader(const PoolHeader& header) {
  std::string bytes(kMagic);
  WireWriter writer(bytes);
  writer.Number(header.version);
  writer.Number(header.incarnation);
  writer.Number(Checksum(bytes));
  CHECK(bytes.size() == kHeaderBytes);
  return bytes;
}

void AppendFramed(std::string& bytes, std::string_view body) {
  CHECK(body.size() <= kRecordBytesMax);
  WireWriter writer(bytes);
  const auto length = static_cast<std::uint32_t>(body.size());
  writer.Number(length);
  writer.Number(~length);
  writer.Number(Checksum(body));
  bytes.append(body);
}

// What the records of a file say together.
struct Contents {
  std::map<std::uint32_t, PoolRecord> cells;
  std::int64_t forgotten_until_s = INT64_MIN;
};

// Reads one body into `contents`. False: it is not what this program writes.
bool Apply(std::string_view body, Contents& contents) {
  std::map<std::uint32_t, PoolRecord>& cells = contents.cells;
  WireReader reader(body);
  const auto type = static_cast<RecordType>(reader.Number<std::uint8_t>());
  if (type == RecordType::Forgotten) {
    contents.forgotten_until_s = reader.Number<std::int64_t>();
    return reader.IsDone();
  }
  const auto cell_id = reader.Number<std::uint32_t>();
  if (type == RecordType::Name) {
    CellName name;
    name.identity = reader.Text();
    name.scope_key = reader.Text();
    if (!reader.IsDone() || cells.contains(cell_id)) return false;
    cells[cell_id] = {.cell_id = cell_id, .name = std::move(name)};
    return true;
  }
  const auto cell = cells.find(cell_id);
  if (type != RecordType::State || cell == cells.end()) return false;
  PoolRecord& record = cell->second;
  record.epoch_s = reader.Number<std::int64_t>();
  record.issued = reader.Number<std::int64_t>();
  record.low_max = reader.Number<std::int64_t>();
  record.high_max = reader.Number<std::int64_t>();
  return reader.IsDone() && record.issued >= 0;
}

// The length of the sound part of `bytes`, which begin after the header. nullopt: something before
// the end is wrong.
std::optional<std::size_t> ReadRecords(std::string_view bytes, Contents& contents) {
  std::size_t offset = 0;
  while (bytes.size() - offset >= kRecordHeadBytes) {
    WireReader head(bytes.substr(offset, kRecordHeadBytes));
    const auto length = head.Number<std::uint32_t>();
    const auto complement = head.Number<std::uint32_t>();
    const auto checksum = head.Number<std::uint32_t>();
    const std::string_view rest = bytes.substr(offset + kRecordHeadBytes);
    // What a lost write may leave at the end: nothing, a part, or zeros.
    const bool is_zeros = bytes.find_first_not_of('\0', offset) == std::string_view::npos;
    if (is_zeros) return offset;
    if (complement != ~length || length == 0 || length > kRecordBytesMax) return std::nullopt;
    if (rest.size() < length) return offset;
    const std::string_view body = rest.substr(0, length);
    if (Checksum(body) != checksum) {
      if (rest.size() == length) return offset;
      return std::nullopt;
    }
    if (!Apply(body, contents)) return std::nullopt;
    offset += kRecordHeadBytes + length;
  }
  return offset;
}

std::expected<std::string, std::string> ReadAll(const File& file) {
  struct stat status;
  if (fstat(file.descriptor(), &status) != 0) return std::unexpected("cannot be read");
  const auto size = static_cast<std::size_t>(status.st_size);
  if (size > kPoolFileBytesMax) return std::unexpected("is larger than any this program writes");
  std::string bytes(size, '\0');
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got =
        pread(file.descriptor(), bytes.data() + done, size - done, static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return std::unexpected("cannot be read");
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

std::unexpected<std::string> Refuse(const StateDirectory& directory, std::string_view why) {
  return std::unexpected("limits in " + directory.path() + "/" + kFileName + ": the file " +
                         std::string(why) +
                         "; move it away, and start once with --init-state, to begin every window "
                         "afresh");
}

// A header that stands at the beginning of `bytes`. The error is why it cannot be used.
std::expected<PoolHeader, std::string> ReadHeader(std::string_view bytes) {
  WireReader reader(bytes.substr(kMagic.size(), kHeaderBytes - kMagic.size()));
  PoolHeader header;
  header.version = reader.Number<std::uint32_t>();
  header.incarnation = reader.Number<std::uint64_t>();
  if (!bytes.starts_with(EncodeHeader(header))) return std::unexpected("is damaged");
  if (header.version > kPoolFileVersion) {
    return std::unexpected("is of version " + std::to_string(header.version) +
                           ", which a later policyd wrote: this one knows up to version " +
                           std::to_string(kPoolFileVersion));
  }
  if (header.version < kPoolFileVersionMin) return std::unexpected("is damaged");
  return header;
}

}  // namespace

std::expected<std::optional<PoolHeader>, std::string> PoolFile::Peek(
    const StateDirectory& directory) {
  auto file = directory.OpenFileIfThere(kFileName);
  if (!file) return std::unexpected(file.error());
  if (!*file) return std::nullopt;
  std::string bytes(kHeaderBytes, '\0');
  const ssize_t got = pread((*file)->descriptor(), bytes.data(), bytes.size(), 0);
  if (got < 0) return Refuse(directory, "cannot be read");
  if (static_cast<std::size_t>(got) < kHeaderBytes) return std::nullopt;
  const auto header = ReadHeader(bytes);
  if (!header) return Refuse(directory, header.error());
  return *header;
}

std::expected<PoolFile, std::string> PoolFile::Open(const StateDirectory& directory,
                                                    std::vector<PoolRecord>& records) {
  const auto refuse = [&](std::string_view why) { return Refuse(directory, why); };
  std::expected<File, std::string> file = directory.OpenFile(kFileName);
  if (!file) return std::unexpected(file.error());
  PoolFile pool;
  pool.file_ = std::move(*file);
  const std::expected<std::string, std::string> bytes = ReadAll(pool.file_);
  if (!bytes) return refuse(bytes.error());
  if (bytes->size() < kHeaderBytes) {
    // New, or its maker died before it was whole: nothing was promised on it.
    CHECK(getrandom(&pool.incarnation_, sizeof(pool.incarnation_), 0) == sizeof(pool.incarnation_));
    // The file's name is synchronised too, or a power loss may take it with all that is in it.
    if (!pool.Write(pool.file_, EncodeHeader({kPoolFileVersion, pool.incarnation_}), 0) ||
        fsync(pool.file_.descriptor()) != 0 || fsync(directory.descriptor()) != 0) {
      return refuse("cannot be written");
    }
    pool.end_ = kHeaderBytes;
    return pool;
  }
  const auto header = ReadHeader(*bytes);
  if (!header) return refuse(header.error());
  pool.incarnation_ = header->incarnation;
  Contents contents;
  const std::optional<std::size_t> sound =
      ReadRecords(std::string_view(*bytes).substr(kHeaderBytes), contents);
  if (!sound) return refuse("is damaged");
  pool.end_ = kHeaderBytes + *sound;
  pool.forgotten_until_s_ = contents.forgotten_until_s;
  if (pool.end_ < bytes->size() &&
      ftruncate(pool.file_.descriptor(), static_cast<off_t>(pool.end_)) != 0) {
    return refuse("cannot be written");
  }
  for (auto& [cell_id, record] : contents.cells) {
    pool.named_cells_.insert(cell_id);
    records.push_back(std::move(record));
  }
  // One rename takes the old file to the new: whoever dies in between leaves one of the two.
  if (header->version != kPoolFileVersion &&
      !pool.Rewrite(directory, records, pool.forgotten_until_s_)) {
    return refuse("is of version " + std::to_string(header->version) +
                  " and cannot be written anew");
  }
  return pool;
}

std::string PoolFile::Encode(const PoolRecord& record) {
  std::string bytes;
  if (!named_cells_.contains(record.cell_id)) {
    std::string name;
    WireWriter writer(name);
    writer.Number(static_cast<std::uint8_t>(RecordType::Name));
    writer.Number(record.cell_id);
    writer.Text(record.name.identity);
    writer.Text(record.name.scope_key);
    AppendFramed(bytes, name);
  }
  std::string state;
  WireWriter writer(state);
  writer.Number(static_cast<std::uint8_t>(RecordType::State));
  writer.Number(record.cell_id);
  writer.Number(record.epoch_s);
  writer.Number(record.issued);
  writer.Number(record.low_max);
  writer.Number(record.high_max);
  AppendFramed(bytes, state);
  return bytes;
}

bool PoolFile::Write(const File& file, std::string_view bytes, std::size_t offset) const {
  while (!bytes.empty()) {
    const ssize_t written =
        pwrite(file.descriptor(), bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::size_t>(written);
  }
  return true;
}

bool PoolFile::Append(const PoolRecord& record, Durability durability) {
  const std::string bytes = Encode(record);
  if (is_broken_ || is_unknown_ || end_ + bytes.size() > kPoolFileBytesMax) return false;
  if (!Write(file_, bytes, end_)) {
    is_broken_ = ftruncate(file_.descriptor(), static_cast<off_t>(end_)) != 0;
    return false;
  }
  if (durability == Durability::OverPowerLoss && fdatasync(file_.descriptor()) != 0) {
    is_unknown_ = true;
    return false;
  }
  end_ += bytes.size();
  named_cells_.insert(record.cell_id);
  return true;
}

bool PoolFile::Rewrite(const StateDirectory& directory, std::span<const PoolRecord> records,
                       std::int64_t forgotten_until_s) {
  std::expected<File, std::string> file = directory.OpenFile(kNewFileName);
  if (!file || ftruncate(file->descriptor(), 0) != 0) return false;
  std::set<std::uint32_t> named_before;
  named_before.swap(named_cells_);
  std::string bytes = EncodeHeader({kPoolFileVersion, incarnation_});
  if (forgotten_until_s != INT64_MIN) {
    std::string body;
    WireWriter writer(body);
    writer.Number(static_cast<std::uint8_t>(RecordType::Forgotten));
    writer.Number(forgotten_until_s);
    AppendFramed(bytes, body);
  }
  for (const PoolRecord& record : records) {
    bytes += Encode(record);
    named_cells_.insert(record.cell_id);
  }
  if (is_unknown_ || !Write(*file, bytes, 0) || fsync(file->descriptor()) != 0 ||
      renameat(directory.descriptor(), kNewFileName, directory.descriptor(), kFileName) != 0) {
    named_cells_.swap(named_before);
    return false;
  }
  file_ = std::move(*file);
  end_ = bytes.size();
  forgotten_until_s_ = forgotten_until_s;
  is_broken_ = false;
  is_unknown_ = fsync(directory.descriptor()) != 0;
  return !is_unknown_;
}

}  // namespace policy
