#include "bench/decide/peers.h"

#include <simdjson.h>

#include <nlohmann/json.hpp>
#include <string>

namespace policy::bench {
namespace {

std::size_t Walk(const simdjson::dom::element& element) {
  std::size_t bytes = 0;
  switch (element.type()) {
    case simdjson::dom::element_type::OBJECT:
      for (const auto& member : simdjson::dom::object(element)) {
        bytes += member.key.size() + Walk(member.value);
      }
      return bytes;
    case simdjson::dom::element_type::ARRAY:
      for (const simdjson::dom::element item : simdjson::dom::array(element)) bytes += Walk(item);
      return bytes;
    case simdjson::dom::element_type::STRING:
      return std::string_view(element).size();
    default:
      return 1;
  }
}

std::size_t Walk(const nlohmann::json& value) {
  std::size_t bytes = 0;
  if (value.is_object()) {
    for (const auto& [key, member] : value.items()) bytes += key.size() + Walk(member);
    return bytes;
  }
  if (value.is_array()) {
    for (const nlohmann::json& item : value) bytes += Walk(item);
    return bytes;
  }
  return value.is_string() ? value.get_ref<const std::string&>().size() : 1;
}

}  // namespace

struct SimdjsonReader::Parser {
  simdjson::dom::parser parser;
};

SimdjsonReader::SimdjsonReader() : parser_(std::make_unique<Parser>()) {}
SimdjsonReader::~SimdjsonReader() = default;

std::size_t SimdjsonReader::Read(std::string_view text) {
  simdjson::dom::element root;
  const auto error =
      parser_->parser.parse(text.data(), text.size(), /*realloc_if_needed=*/false).get(root);
  return error != simdjson::SUCCESS ? 0 : Walk(root);
}

std::size_t SimdjsonPadding() { return simdjson::SIMDJSON_PADDING; }

std::size_t ReadByNlohmann(std::string_view text) {
  const nlohmann::json root = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  return root.is_discarded() ? 0 : Walk(root);
}

}  // namespace policy::bench
