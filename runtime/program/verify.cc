#include "runtime/program/verify.h"

#include <bit>
#include <cstring>

#include "policy/check.h"
#include "runtime/program/encode.h"
#include "runtime/program/verify_records.h"
#include "runtime/value/civil_time.h"
#include "runtime/value/utf8.h"

namespace policy {
namespace {

using format::Section;
using format::SectionId;

static_assert(std::endian::native == std::endian::little, "program files are little-endian");

bool VerifyHeader(std::span<const std::byte> file, const format::Header& header, Proof& proof) {
  if (header.magic != format::kMagic) return proof.Fail("it is not a decision program");
  if (header.version != format::kVersion) {
    return proof.Fail("it has format version {}, and this program reads version {}",
                      std::uint32_t{header.version}, format::kVersion);
  }
  if (header.header_bytes != sizeof(format::Header))
    return proof.Fail("its header has a wrong size");
  if (header.file_bytes != file.size()) {
    return proof.Fail("it should have {} bytes and has {}", std::uint64_t{header.file_bytes},
                      file.size());
  }
  if (header.checksum != ChecksumOf(file)) return proof.Fail("its checksum does not agree with it");
  if (header.default_allows > 1 || header.numbers_exact > 1 || header.reserved != 0) {
    return proof.Fail("its header has a field out of range");
  }
  return true;
}

template <typename T>
bool TakeSection(std::span<const std::byte> file, SectionId id, std::size_t& end,
                 std::span<const T>& records, Proof& proof) {
  format::Header header;
  std::memcpy(&header, file.data(), sizeof header);
  const Section section = header.sections[static_cast<std::size_t>(id)];
  // Sections stand in the order of SectionId, so that none overlaps another.
  if (section.offset % 8 != 0 || section.offset < end || section.offset > file.size() ||
      section.count > (file.size() - section.offset) / sizeof(T)) {
    return proof.Fail("section {} lies outside the file or over another",
                      static_cast<std::uint32_t>(id));
  }
  records = {reinterpret_cast<const T*>(file.data() + section.offset), section.count};
  end = section.offset + section.count * sizeof(T);
  return true;
}

bool TakeSections(std::span<const std::byte> file, Records& records, Proof& proof) {
  std::size_t end = sizeof(format::Header);
  std::span<const char> strings;
  const bool taken =
      TakeSection(file, SectionId::Strings, end, strings, proof) &&
      TakeSection(file, SectionId::Constants, end, records.constants, proof) &&
      TakeSection(file, SectionId::SetItems, end, records.set_items, proof) &&
      TakeSection(file, SectionId::Slots, end, records.slots, proof) &&
      TakeSection(file, SectionId::PathNodes, end, records.path_nodes, proof) &&
      TakeSection(file, SectionId::PathTable, end, records.path_table, proof) &&
      TakeSection(file, SectionId::Code, end, records.code, proof) &&
      TakeSection(file, SectionId::Tools, end, records.tools, proof) &&
      TakeSection(file, SectionId::ToolTable, end, records.tool_table, proof) &&
      TakeSection(file, SectionId::Patterns, end, records.patterns, proof) &&
      TakeSection(file, SectionId::Rules, end, records.rules, proof) &&
      TakeSection(file, SectionId::Limits, end, records.limits, proof) &&
      TakeSection(file, SectionId::Counters, end, records.counters, proof) &&
      TakeSection(file, SectionId::Scopes, end, records.scopes, proof) &&
      TakeSection(file, SectionId::IndexTables, end, records.index_tables, proof) &&
      TakeSection(file, SectionId::IndexEntries, end, records.index_entries, proof) &&
      TakeSection(file, SectionId::Derived, end, records.derived, proof) &&
      TakeSection(file, SectionId::Pins, end, records.pins, proof);
  records.strings = {strings.data(), strings.size()};
  return taken;
}

bool VerifyTexts(const Records& records, Proof& proof) {
  if (!IsValidUtf8(records.strings)) return proof.Fail("its texts are not UTF-8");
  const format::Header& header = *records.header;
  if (!CheckText(records, header.policy_name, "the policy's name", proof) ||
      !CheckText(records, header.source_name, "the source's name", proof) ||
      !CheckText(records, header.zone, "the zone", proof)) {
    return false;
  }
  const std::string_view zone = records.Text(header.zone);
  if (!Zone::Find(zone)) return proof.Fail("its time zone `{}` is not known here", zone);
  return true;
}

bool VerifyAll(std::span<const std::byte> file, Proof& proof) {
  if (file.size() < sizeof(format::Header)) return proof.Fail("it is too short to be a program");
  if (file.size() > format::kProgramBytesMax) {
    return proof.Fail("it has {} bytes, and a program has at most {}", file.size(),
                      format::kProgramBytesMax);
  }
  Records records;
  Scopes scopes;
  records.header = reinterpret_cast<const format::Header*>(file.data());
  return VerifyHeader(file, *records.header, proof) && TakeSections(file, records, proof) &&
         VerifyTexts(records, proof) && VerifyConstants(records, proof) &&
         VerifyPaths(records, proof) && VerifyDerived(records, scopes, proof) &&
         VerifyPins(records, proof) && VerifyRules(records, scopes, proof) &&
         VerifyTools(records, scopes, proof) && VerifyCode(records, scopes, proof);
}

}  // namespace

bool CheckText(const Records& records, format::Text text, std::string_view what, Proof& proof) {
  const std::string_view strings = records.strings;
  if (text.size > format::kTextBytesMax || text.offset > strings.size() ||
      text.size > strings.size() - text.offset) {
    return proof.Fail("{} lies outside the texts or is too long", what);
  }
  const auto splits_character = [strings](std::size_t at) {
    return at < strings.size() && (static_cast<unsigned char>(strings[at]) & 0xC0) == 0x80;
  };
  if (splits_character(text.offset) || splits_character(std::size_t{text.offset} + text.size)) {
    return proof.Fail("{} is not UTF-8", what);
  }
  return true;
}

std::expected<void, ProgramError> Verify(std::span<const std::byte> file) {
  CHECK(reinterpret_cast<std::uintptr_t>(file.data()) % 8 == 0);
  Proof proof;
  const bool holds = VerifyAll(file, proof);
  CHECK(holds != proof.error().has_value());
  if (!holds) return std::unexpected(*proof.error());
  return {};
}

}  // namespace policy
