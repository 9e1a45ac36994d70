#include "runtime/limits/store/lease_message.h"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "runtime/limits/identity_key.h"
#include "runtime/limits/scope_key.h"

namespace policy {
namespace {

std::vector<LeaseMessage> AllMessages() {
  const CellName cell{.identity = std::string("i\0d", 3), .scope_key = "k"};
  return {
      HelloMessage{.version = 7},
      WelcomeMessage{.version = 7, .incarnation = UINT64_MAX},
      HoldMessage{.cell = cell, .epoch_s = -60, .granted = 5, .room_max = 50},
      AskMessage{.request_id = 9,
                 .cell = cell,
                 .epoch_s = 60,
                 .returned = 1,
                 .shortage = 2,
                 .amount = 3,
                 .want = INT64_MAX,
                 .max = 50},
      GrantMessage{
          .request_id = 9, .status = GrantStatus::Dry, .epoch_s = 60, .amount = 0, .elsewhere = 49},
      RecallMessage{.recall_id = 3, .cell = cell, .epoch_s = 60, .room_max = 50},
      ReturnMessage{.recall_id = 3, .cell = cell, .epoch_s = 60, .returned = 4},
      GoodbyeMessage{},
      SetMessage{.cell = cell, .epoch_s = 60, .used = 17}};
}

TEST_CASE("messages come out as they went in, and nothing shorter or longer does") {
  const std::vector<LeaseMessage> messages = AllMessages();
  REQUIRE(messages.size() == std::variant_size_v<LeaseMessage>);
  for (const LeaseMessage& message : messages) {
    CAPTURE(message.index());
    const std::string frame = EncodeLeaseFrame(message);
    for (std::size_t size = 0; size < frame.size(); ++size) {
      std::string_view part = std::string_view(frame).substr(0, size);
      const auto payload = TakeLeaseFrame(part);
      REQUIRE(payload.has_value());
      CHECK_FALSE(payload->has_value());
    }
    const std::string two = frame + frame;
    std::string_view rest = two;
    const auto payload = TakeLeaseFrame(rest);
    REQUIRE((payload.has_value() && payload->has_value()));
    CHECK(rest.size() == frame.size());
    const auto decoded = DecodeLeasePayload(**payload);
    REQUIRE(decoded.has_value());
    CHECK(decoded->index() == message.index());
    CHECK(EncodeLeaseFrame(*decoded) == frame);
    const std::string bytes(**payload);
    for (std::size_t size = 0; size < bytes.size(); ++size) {
      CHECK_FALSE(DecodeLeasePayload(bytes.substr(0, size)).has_value());
    }
    CHECK_FALSE(DecodeLeasePayload(bytes + "x").has_value());
  }
}

TEST_CASE("what no holder or leader would say is no message") {
  const auto is_message = [](const LeaseMessage& message) {
    return DecodeLeasePayload(EncodeLeaseFrame(message).substr(4)).has_value();
  };
  CHECK(is_message(AskMessage{.shortage = 1, .amount = 1, .max = 1}));
  // A call before it has cost more than was leased for it.
  CHECK(is_message(AskMessage{.shortage = 2, .amount = 1, .max = 1}));
  CHECK_FALSE(is_message(AskMessage{.shortage = -1, .amount = 1, .max = 1}));
  CHECK_FALSE(is_message(AskMessage{.returned = -1}));
  CHECK_FALSE(is_message(AskMessage{.max = INT64_MIN}));
  CHECK_FALSE(is_message(ReturnMessage{.returned = -1}));
  CHECK_FALSE(is_message(HoldMessage{.granted = -1}));
  CHECK_FALSE(is_message(GrantMessage{.amount = -1}));
  CHECK_FALSE(is_message(GrantMessage{.status = static_cast<GrantStatus>(3)}));
  CHECK_FALSE(is_message(RecallMessage{
      .cell = {.identity = "", .scope_key = std::string(kScopeKeyBytesMax + 1, 'k')}}));
  CHECK_FALSE(is_message(RecallMessage{
      .cell = {.identity = std::string(kIdentityBytesMax + 1, 'i'), .scope_key = ""}}));
  std::string_view too_long("\x01\x20\x00\x00", 4);
  CHECK_FALSE(TakeLeaseFrame(too_long).has_value());
}

TEST_CASE("any bytes are safe to decode") {
  std::mt19937 random(1);
  int decoded = 0;
  for (int i = 0; i < 200'000; ++i) {
    std::string bytes;
    if (i % 2 == 0) {
      for (auto left = random() % 64; left > 0; --left)
        bytes.push_back(static_cast<char>(random()));
    } else {
      const std::vector<LeaseMessage> messages = AllMessages();
      bytes = EncodeLeaseFrame(messages[random() % messages.size()]).substr(4);
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    if (DecodeLeasePayload(bytes)) ++decoded;
  }
  CHECK(decoded > 1000);
}

TEST_CASE("identities are their keys") {
  const CounterIdentity identity{.attachment = "a",
                                 .name = "bc",
                                 .window = CounterWindow::Month,
                                 .window_seconds = 0,
                                 .zone = "Europe/Berlin",
                                 .scale = 2,
                                 .scope = "grant,arg:args.to"};
  const std::string key = IdentityKey(identity);
  CHECK(ParseIdentityKey(key) == identity);
  CounterIdentity other = identity;
  other.attachment = "ab";
  other.name = "c";
  CHECK(IdentityKey(other) != key);
  for (std::size_t size = 0; size < key.size(); ++size) {
    CHECK_FALSE(ParseIdentityKey(key.substr(0, size)).has_value());
  }
  CHECK_FALSE(ParseIdentityKey(key + "x").has_value());
}

}  // namespace
}  // namespace policy
