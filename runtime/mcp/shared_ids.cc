#include "runtime/mcp/shared_ids.h"

#include "runtime/mcp/exchange_table.h"
#include "runtime/mcp/id_rewrite.h"

namespace policy::mcp {
std::expected<std::string, SharedIds::AddError> SharedIds::Request(AskerId asker,
                                                                   const Message& message) {
  if (flights_.size() >= kExchangesMax) return std::unexpected(AddError::Full);
  std::string key = IdKey(message.id);
  const auto [known, is_new] = by_asker_.try_emplace({asker, key}, next_id_);
  if (!is_new) return std::unexpected(AddError::InFlight);
  const std::string id = std::to_string(next_id_);
  std::string sent = WithNames(message, {.id = id, .progress_token = id});
  flights_.emplace(next_id_++, Flight{.asker = asker,
                                      .id = std::string(message.id),
                                      .token = std::string(RequestNamesOf(message).progress_token),
                                      .key = std::move(key)});
  return sent;
}

std::optional<std::string> SharedIds::Cancellation(AskerId asker, const Message& message) {
  if (message.request_id.empty()) return std::nullopt;
  const auto known = by_asker_.find({asker, IdKey(message.request_id)});
  if (known == by_asker_.end()) return std::nullopt;
  return WithNames(message, {.request_id = std::to_string(known->second)});
}

std::unordered_map<std::uint64_t, SharedIds::Flight>::iterator SharedIds::Find(
    std::string_view raw_id) {
  const auto number = OwnNumber(raw_id);
  return number ? flights_.find(*number) : flights_.end();
}

void SharedIds::Erase(std::unordered_map<std::uint64_t, Flight>::iterator flight) {
  by_asker_.erase({flight->second.asker, flight->second.key});
  flights_.erase(flight);
}

Returned SharedIds::FromServer(const Message& message) {
  if (message.kind == MessageKind::Request) return {.to = Recipient::Server};
  const RequestNames names = RequestNamesOf(message);
  const bool is_answer = message.kind == MessageKind::Response;
  const bool is_progress = message.method == "notifications/progress";
  const bool is_cancellation = message.method == "notifications/cancelled";
  std::string_view name = names.subscription;
  if (is_answer) name = names.id;
  if (is_progress) name = names.progress_token;
  if (is_cancellation) name = names.request_id;
  if (name.empty()) {
    return {.to = is_answer || is_progress || is_cancellation ? Recipient::Nobody
                                                              : Recipient::Anyone};
  }
  const auto flight = Find(name);
  if (flight == flights_.end()) return {};
  // Progress that was not asked for has no token to come back under.
  if (is_progress && flight->second.token.empty()) return {};
  // What else the message names has to be the same request, or it is not this asker's.
  if (!names.subscription.empty() && Find(names.subscription) != flight) return {};
  const Flight& to = flight->second;
  Returned returned = {
      .to = Recipient::Asker,
      .asker = to.asker,
      .bytes = WithNames(
          message,
          {.id = to.id, .request_id = to.id, .progress_token = to.token, .subscription = to.id}),
      .is_answer = is_answer};
  if (is_answer) Erase(flight);
  return returned;
}

std::vector<std::string> SharedIds::Leave(AskerId asker) {
  std::vector<std::string> cancellations;
  for (auto known = by_asker_.lower_bound({asker, std::string()});
       known != by_asker_.end() && known->first.first == asker;) {
    cancellations.push_back(
        R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":)" +
        std::to_string(known->second) + "}}");
    flights_.erase(known->second);
    known = by_asker_.erase(known);
  }
  return cancellations;
}

}  // namespace policy::mcp
