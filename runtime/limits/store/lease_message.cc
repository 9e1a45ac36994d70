#include "runtime/limits/store/lease_message.h"

#include <algorithm>
#include <concepts>
#include <initializer_list>

#include "policy/check.h"
#include "runtime/limits/scope_key.h"
#include "runtime/limits/wire.h"

namespace policy {
namespace {

constexpr std::size_t kLengthBytes = 4;

// Lists the fields of every message once, for writing and for reading.
template <typename Archive>
void Fields(Archive& archive, CellName& cell) {
  archive(cell.identity, cell.scope_key);
}
template <typename Archive>
void Fields(Archive& archive, HelloMessage& m) {
  archive(m.version);
}
template <typename Archive>
void Fields(Archive& archive, WelcomeMessage& m) {
  archive(m.version, m.incarnation);
}
template <typename Archive>
void Fields(Archive& archive, HoldMessage& m) {
  archive(m.cell, m.epoch_s, m.granted, m.room_max);
}
template <typename Archive>
void Fields(Archive& archive, AskMessage& m) {
  archive(m.request_id, m.cell, m.epoch_s, m.returned, m.shortage, m.amount, m.want, m.max, m.burst,
          m.idle_ns);
}
template <typename Archive>
void Fields(Archive& archive, GrantMessage& m) {
  archive(m.request_id, m.status, m.epoch_s, m.amount, m.elsewhere, m.life_ns, m.frees_in_ns,
          m.clears_in_ns, m.sharers);
}
template <typename Archive>
void Fields(Archive& archive, RecallMessage& m) {
  archive(m.recall_id, m.cell, m.epoch_s, m.room_max);
}
template <typename Archive>
void Fields(Archive& archive, ReturnMessage& m) {
  archive(m.recall_id, m.cell, m.epoch_s, m.returned, m.idle_ns);
}
template <typename Archive>
void Fields(Archive& archive, GoodbyeMessage& m) {
  archive(m.reserved);
}
template <typename Archive>
void Fields(Archive& archive, SetMessage& m) {
  archive(m.cell, m.epoch_s, m.used);
}

class Encoder {
 public:
  explicit Encoder(std::string& bytes) : writer_(bytes) {}
  template <typename... Field>
  void operator()(Field&... fields) {
    (Put(fields), ...);
  }

 private:
  void Put(CellName& cell) { Fields(*this, cell); }
  void Put(std::string& text) { writer_.Text(text); }
  void Put(GrantStatus& status) { writer_.Number(static_cast<std::uint8_t>(status)); }
  template <std::integral Integer>
  void Put(Integer& value) {
    writer_.Number(value);
  }

  WireWriter writer_;
};

class Decoder {
 public:
  explicit Decoder(std::string_view bytes) : reader_(bytes) {}
  template <typename... Field>
  void operator()(Field&... fields) {
    (Take(fields), ...);
  }
  bool IsDone() const { return reader_.IsDone(); }

 private:
  void Take(CellName& cell) { Fields(*this, cell); }
  void Take(std::string& text) { text = reader_.Text(); }
  void Take(GrantStatus& status) {
    status = static_cast<GrantStatus>(reader_.Number<std::uint8_t>());
  }
  template <std::integral Integer>
  void Take(Integer& value) {
    value = reader_.Number<Integer>();
  }

  WireReader reader_;
};

bool IsSane(const CellName& cell) {
  return cell.identity.size() <= kIdentityBytesMax && cell.scope_key.size() <= kScopeKeyBytesMax;
}
bool AreAmounts(std::initializer_list<std::int64_t> values) {
  return std::ranges::all_of(values, [](std::int64_t value) { return value >= 0; });
}
bool IsSane(const HelloMessage&) { return true; }
bool IsSane(const WelcomeMessage&) { return true; }
bool IsSane(const HoldMessage& m) { return IsSane(m.cell) && AreAmounts({m.granted, m.room_max}); }
bool IsSane(const AskMessage& m) {
  // The shortage is above the amount where an earlier call has cost more than was leased for it.
  return IsSane(m.cell) &&
         AreAmounts({m.returned, m.shortage, m.amount, m.want, m.max, m.burst, m.idle_ns});
}
bool IsSane(const GrantMessage& m) {
  return m.status <= GrantStatus::Failed &&
         AreAmounts({m.amount, m.elsewhere, m.life_ns, m.frees_in_ns, m.clears_in_ns, m.sharers});
}
bool IsSane(const RecallMessage& m) { return IsSane(m.cell) && AreAmounts({m.room_max}); }
bool IsSane(const ReturnMessage& m) {
  return IsSane(m.cell) && AreAmounts({m.returned, m.idle_ns});
}
bool IsSane(const GoodbyeMessage&) { return true; }
bool IsSane(const SetMessage& m) { return IsSane(m.cell) && AreAmounts({m.used}); }

template <std::size_t kType = 0>
std::optional<LeaseMessage> Decode(std::size_t type, std::string_view fields) {
  if constexpr (kType == std::variant_size_v<LeaseMessage>) {
    return std::nullopt;
  } else {
    if (type != kType) return Decode<kType + 1>(type, fields);
    std::variant_alternative_t<kType, LeaseMessage> message;
    Decoder decoder(fields);
    Fields(decoder, message);
    if (!decoder.IsDone() || !IsSane(message)) return std::nullopt;
    return message;
  }
}

}  // namespace

std::string EncodeLeaseFrame(const LeaseMessage& message) {
  std::string payload;
  payload.push_back(static_cast<char>(message.index()));
  Encoder encoder(payload);
  LeaseMessage copy = message;  // the list of fields is one for reading and writing
  std::visit([&](auto& m) { Fields(encoder, m); }, copy);
  CHECK(payload.size() <= kLeaseFrameBytesMax);
  std::string frame;
  WireWriter(frame).Text(payload);
  return frame;
}

std::optional<LeaseMessage> DecodeLeasePayload(std::string_view payload) {
  if (payload.empty()) return std::nullopt;
  return Decode(static_cast<unsigned char>(payload[0]), payload.substr(1));
}

std::expected<std::optional<std::string_view>, FrameTooLong> TakeLeaseFrame(
    std::string_view& bytes) {
  if (bytes.size() < kLengthBytes) return std::nullopt;
  const auto length = WireReader(bytes).Number<std::uint32_t>();
  if (length > kLeaseFrameBytesMax) return std::unexpected(FrameTooLong{});
  if (bytes.size() < kLengthBytes + length) return std::nullopt;
  const std::string_view payload = bytes.substr(kLengthBytes, length);
  bytes.remove_prefix(kLengthBytes + length);
  return payload;
}

}  // namespace policy
