#include "runtime/transport/http/http_exchange.h"

#include "policy/check.h"
#include "runtime/transport/http/server_connection.h"

namespace policy::transport {

HttpExchange::~HttpExchange() {
  if (connection_ != nullptr) connection_->Abandon(*this);
}

bool HttpExchange::is_open() const { return connection_ != nullptr && !connection_->is_cut(); }

void HttpExchange::Respond(int status, std::span<const HttpHeader> headers, std::string_view body) {
  CHECK(!has_begun_);
  has_begun_ = true;
  if (is_open()) connection_->Respond(*this, status, headers, body);
}

void HttpExchange::BeginStream(int status, std::span<const HttpHeader> headers) {
  CHECK(!has_begun_);
  has_begun_ = true;
  if (is_open()) connection_->BeginStream(*this, status, headers);
}

void HttpExchange::Write(std::string_view bytes) {
  if (is_open()) connection_->WriteChunk(bytes);
}

void HttpExchange::EndStream() {
  if (is_open()) connection_->EndStream();
}

std::size_t HttpExchange::queued_bytes() const {
  return connection_ == nullptr ? 0 : connection_->queued_bytes();
}

}  // namespace policy::transport
