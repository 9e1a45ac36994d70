// The places of a message that MCP knows, and the keys that lead to them.
#ifndef RUNTIME_MCP_MESSAGE_PLACE_H_
#define RUNTIME_MCP_MESSAGE_PLACE_H_

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "runtime/value/same_text.h"

namespace policy::mcp {

// Where in a message a value stands.
enum class Role : std::uint8_t {
  Envelope,
  Version,  // jsonrpc
  Id,
  Method,
  Params,
  Result,
  Error,
  Name,             // params.name
  Arguments,        // params.arguments
  Argument,         // anything below arguments
  Meta,             // params._meta
  ProgressToken,    // params._meta.progressToken
  ProtocolVersion,  // params.protocolVersion
  MetaProtocolVersion,
  ClientInfo,  // params.clientInfo
  ClientName,
  ClientVersion,
  MetaClientInfo,  // params._meta["io.modelcontextprotocol/clientInfo"]
  MetaClientName,
  MetaClientVersion,
  RequestId,  // params.requestId
  Tools,      // result.tools
  ListedTool,
  IsError,     // result.isError
  ResultType,  // result.resultType
  Data,        // anything else
};

// In one word: a scan copies many.
class MessagePlace {
 public:
  MessagePlace() = default;
  // `node`: Arguments and below: of the program's paths.
  MessagePlace(Role role, bool refuses_case_variants, std::uint32_t node)
      : bits_(std::uint64_t{node} << 32 | (refuses_case_variants ? kRefusesCaseVariants : 0) |
              static_cast<std::uint64_t>(role)) {}

  Role role() const { return static_cast<Role>(bits_ & 0xFF); }
  bool refuses_case_variants() const { return (bits_ & kRefusesCaseVariants) != 0; }
  std::uint32_t node() const { return static_cast<std::uint32_t>(bits_ >> 32); }

  // All that it says, for KeyMemory.
  std::uint64_t bits() const { return bits_; }
  static MessagePlace OfBits(std::uint64_t bits) {
    MessagePlace place;
    place.bits_ = bits;
    return place;
  }

 private:
  static constexpr std::uint64_t kRefusesCaseVariants = 0x100;

  std::uint64_t bits_;
};

struct MemberRole {
  std::string_view key;
  Role role;
};

inline constexpr MemberRole kEnvelopeMembers[] = {
    {"jsonrpc", Role::Version}, {"id", Role::Id},         {"method", Role::Method},
    {"params", Role::Params},   {"result", Role::Result}, {"error", Role::Error}};

// Members that MCP knows: another spelling of one is refused, because some servers match names
// without regard to case. Data: known, and of no concern here.
inline constexpr MemberRole kParamsMembers[] = {{"name", Role::Name},
                                                {"arguments", Role::Arguments},
                                                {"_meta", Role::Meta},
                                                {"protocolVersion", Role::ProtocolVersion},
                                                {"clientInfo", Role::ClientInfo},
                                                {"requestId", Role::RequestId},
                                                {"argument", Role::Data},
                                                {"capabilities", Role::Data},
                                                {"context", Role::Data},
                                                {"cursor", Role::Data},
                                                {"inputResponses", Role::Data},
                                                {"level", Role::Data},
                                                {"progressToken", Role::Data},
                                                {"reason", Role::Data},
                                                {"ref", Role::Data},
                                                {"requestState", Role::Data},
                                                {"task", Role::Data},
                                                {"taskId", Role::Data},
                                                {"uri", Role::Data}};

inline constexpr MemberRole kMetaMembers[] = {
    {"progressToken", Role::ProgressToken},
    {"io.modelcontextprotocol/protocolVersion", Role::MetaProtocolVersion},
    {"io.modelcontextprotocol/clientInfo", Role::MetaClientInfo},
    {"io.modelcontextprotocol/clientCapabilities", Role::Data},
    {"io.modelcontextprotocol/related-task", Role::Data},
    {"io.modelcontextprotocol/subscriptionId", Role::Data}};

inline constexpr MemberRole kClientInfoMembers[] = {{"name", Role::ClientName},
                                                    {"version", Role::ClientVersion}};

inline constexpr MemberRole kMetaClientInfoMembers[] = {{"name", Role::MetaClientName},
                                                        {"version", Role::MetaClientVersion}};

inline constexpr MemberRole kResultMembers[] = {
    {"tools", Role::Tools}, {"isError", Role::IsError}, {"resultType", Role::ResultType}};

inline constexpr MemberRole kListedToolMembers[] = {{"name", Role::Data}};

inline constexpr std::size_t kRoleCount = static_cast<std::size_t>(Role::Data) + 1;

// A member of one record by its key: the size and two bytes of a known key lead to a place of its
// own.
class MemberTable {
 public:
  constexpr MemberTable() = default;
  constexpr explicit MemberTable(std::span<const MemberRole> members) : members_(members) {
    while (!Place(members)) factor_ += 2;
  }

  std::span<const MemberRole> members() const { return members_; }
  const MemberRole* Find(std::string_view key) const {
    if (key.empty()) return nullptr;
    const std::uint8_t number = numbers_[PlaceOf(key)];
    if (number == kFree) return nullptr;
    const MemberRole& member = members_[number];
    return SameText(member.key, key) ? &member : nullptr;
  }

 private:
  static constexpr unsigned kSizeBits = 6;
  static constexpr std::uint8_t kFree = 0xFF;

  constexpr std::size_t PlaceOf(std::string_view key) const {
    const auto byte = [](char c) { return std::uint32_t{static_cast<unsigned char>(c)}; };
    const auto size = static_cast<std::uint32_t>(key.size());
    const std::uint32_t parts = size | byte(key.front()) << 8 | byte(key.back()) << 16;
    return (parts * factor_) >> (32 - kSizeBits);
  }
  // Whether the factor keeps the members apart.
  constexpr bool Place(std::span<const MemberRole> members) {
    numbers_.fill(kFree);
    for (std::size_t i = 0; i < members.size(); ++i) {
      std::uint8_t& number = numbers_[PlaceOf(members[i].key)];
      if (number != kFree) return false;
      number = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  std::span<const MemberRole> members_;
  std::uint32_t factor_ = 0x9E3779B1;
  std::array<std::uint8_t, 1 << kSizeBits> numbers_ = {};
};

// By role, of those whose members matter.
inline constexpr auto kMembersOf = [] {
  std::array<MemberTable, kRoleCount> tables;
  const auto set = [&tables](Role role, std::span<const MemberRole> members) {
    tables[static_cast<std::size_t>(role)] = MemberTable(members);
  };
  set(Role::Envelope, kEnvelopeMembers);
  set(Role::Params, kParamsMembers);
  set(Role::Meta, kMetaMembers);
  set(Role::ClientInfo, kClientInfoMembers);
  set(Role::MetaClientInfo, kMetaClientInfoMembers);
  set(Role::Result, kResultMembers);
  set(Role::ListedTool, kListedToolMembers);
  return tables;
}();

inline const MemberTable& MembersOf(Role role) {
  return kMembersOf[static_cast<std::size_t>(role)];
}

// Whether keys of a record at a role may differ by case only.
enum class CaseRule : std::uint8_t { Differ, Never, NotFromClients, AsData };

inline constexpr auto kCaseRules = [] {
  std::array<CaseRule, kRoleCount> rules{};
  const auto set = [&rules](CaseRule rule, std::initializer_list<Role> roles) {
    for (const Role role : roles) rules[static_cast<std::size_t>(role)] = rule;
  };
  set(CaseRule::Never, {Role::Params, Role::Meta, Role::ClientInfo, Role::MetaClientInfo,
                        Role::Result, Role::ListedTool});
  set(CaseRule::NotFromClients, {Role::Arguments, Role::Argument});
  set(CaseRule::AsData, {Role::Data});
  return rules;
}();

}  // namespace policy::mcp

#endif  // RUNTIME_MCP_MESSAGE_PLACE_H_
