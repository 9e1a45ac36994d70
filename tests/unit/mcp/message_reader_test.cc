// Messages: what is read of them, and each class of hostile ones.
#include <catch2/catch.hpp>
#include <string>

#include "runtime/mcp/message.h"

namespace policy::mcp {
namespace {

// The message refers to bytes that are kept until the next Read.
std::expected<Message, Refusal> Read(const std::string& text,
                                     Direction direction = Direction::FromClient) {
  static std::string bytes;
  bytes = text;
  static MessageReader from_client(Direction::FromClient);
  static MessageReader from_server(Direction::FromServer);
  return (direction == Direction::FromClient ? from_client : from_server).Read(bytes, nullptr);
}

TEST_CASE("a call is read") {
  const std::string bytes =
      R"( { "jsonrpc":"2.0", "id" : "a\u0062", "\u006dethod":"tools\u002fcall",)"
      R"("params":{"arguments":{"to":["x"],"n":1e400},"n\u0061me":"send\u005ftext",)"
      R"("_meta":{"progressToken":7,"io.modelcontextprotocol/protocolVersion":"2026-07-28",)"
      R"("io.modelcontextprotocol/clientInfo":{"name":"host","version":"1.2"}}} } )";
  const auto message = Read(bytes);
  REQUIRE(message);
  CHECK(message->kind == MessageKind::Request);
  CHECK(message->is_tools_call);
  CHECK(message->bytes == bytes);
  CHECK(message->id == R"("a\u0062")");
  CHECK(message->method == "tools/call");
  CHECK(message->tool == "send_text");
  CHECK(message->arguments == R"({"to":["x"],"n":1e400})");
  CHECK(message->progress_token == "7");
  CHECK(message->protocol_version == "2026-07-28");
  CHECK(message->client_name == "host");
  CHECK(message->client_version == "1.2");
}

TEST_CASE("other messages are read") {
  auto message = Read(
      R"({"jsonrpc":"2.0","id":0,"method":"initialize","params":{"protocolVersion":"2025-11-25",)"
      R"("capabilities":{},"clientInfo":{"name":"n","version":"v"}}})");
  REQUIRE(message);
  CHECK(message->id == "0");
  CHECK(message->protocol_version == "2025-11-25");
  CHECK(message->client_name == "n");
  CHECK(message->client_version == "v");
  CHECK_FALSE(message->is_tools_call);

  message =
      Read(R"({"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":"x"}})");
  REQUIRE(message);
  CHECK(message->kind == MessageKind::Notification);
  CHECK(message->request_id == R"("x")");

  message = Read(
      R"({"jsonrpc":"2.0","id":-5,"method":"prompts/get","params":{"name":"p","arguments":{}}})");
  REQUIRE(message);
  CHECK_FALSE(message->is_tools_call);
  CHECK(message->tool.empty());

  message = Read(R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":""}})");
  REQUIRE(message);
  CHECK(message->arguments == "{}");

  message = Read(R"({"jsonrpc":"2.0","id":9007199254740991,"method":"ping"})");
  REQUIRE(message);
  CHECK(message->params.empty());
}

TEST_CASE("answers are read") {
  const auto from_server = Direction::FromServer;
  auto message =
      Read(R"({"result":{"tools":[ {"name":"a"} ],"nextCursor":"c"},"jsonrpc":"2.0","id":3})",
           from_server);
  REQUIRE(message);
  CHECK(message->kind == MessageKind::Response);
  CHECK(message->result_tools == R"([ {"name":"a"} ])");
  CHECK(message->result == R"({"tools":[ {"name":"a"} ],"nextCursor":"c"})");
  CHECK(message->result_is_final);
  CHECK_FALSE(message->result_is_error);

  message = Read(R"({"jsonrpc":"2.0","id":3,"result":{"isError":true,"resultType":"complete"}})",
                 from_server);
  REQUIRE(message);
  CHECK(message->result_is_error);
  CHECK(message->result_is_final);
  for (const char* type : {"input_required", "task"}) {
    message =
        Read(R"({"jsonrpc":"2.0","id":3,"result":{"resultType":")" + std::string(type) + "\"}}",
             from_server);
    REQUIRE(message);
    CHECK_FALSE(message->result_is_final);
  }
  message = Read(R"({"jsonrpc":"2.0","id":3,"error":{"code":-1,"message":"m"}})", from_server);
  REQUIRE(message);
  CHECK(message->error == R"({"code":-1,"message":"m"})");
  message = Read(R"({"jsonrpc":"2.0","error":{"code":-32700,"message":"m"}})", from_server);
  REQUIRE(message);
  CHECK(message->id.empty());

  // Data of servers may have keys that differ by case; calls of clients may not.
  CHECK(Read(R"({"jsonrpc":"2.0","id":3,"result":{"structuredContent":{"a":1,"A":2}}})",
             from_server));
  CHECK(Read(
      R"({"jsonrpc":"2.0","id":3,"result":{"tools":[{"name":"a","inputSchema":{"a":1,"A":2}}]}})",
      from_server));
  CHECK(Read(R"({"jsonrpc":"2.0","id":3,"method":"elicitation/create",)"
             R"("params":{"requestedSchema":{"a":1,"A":2}}})",
             from_server));
  CHECK(Read(R"({"jsonrpc":"2.0","id":3,"method":"tools/call"})", from_server));
}

struct HostileRow {
  const char* bytes;
  int code;
  const char* id;
  const char* reason;
};

void CheckRefused(const HostileRow& row, Direction direction) {
  CAPTURE(row.bytes);
  const auto message = Read(row.bytes, direction);
  REQUIRE_FALSE(message);
  CHECK(message.error().code == row.code);
  CHECK(message.error().id == row.id);
  CHECK(message.error().reason == row.reason);
}

TEST_CASE("hostile messages of clients") {
  const HostileRow rows[] = {
      {"", -32700, "", "the text ends early"},
      {"hello", -32700, "", "a value is missing"},
      {"\xEF\xBB\xBF{}", -32700, "", "byte order mark"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping"} x)", -32700, "", "text after the value"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping"}{"jsonrpc":"2.0","id":2,"method":"ping"})",
       -32700, "", "text after the value"},
      {"[]", -32600, "", "batches are not accepted"},
      {R"([{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a"}}])", -32600, "",
       "batches are not accepted"},
      {"1", -32600, "", "the message is not an object"},
      {"\"a\"", -32600, "", "the message is not an object"},
      {"{}", -32600, "", "jsonrpc is not \"2.0\""},
      {R"({"id":1,"method":"ping"})", -32600, "1", "jsonrpc is not \"2.0\""},
      {R"({"jsonrpc":2.0,"id":1,"method":"ping"})", -32600, "1", "jsonrpc is not \"2.0\""},
      {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", -32600, "1", "jsonrpc is not \"2.0\""},
      {R"({"jsonrpc":"2.0","id":1})", -32600, "1", "neither method nor result nor error"},
      {R"({"jsonrpc":"2.0","id":1,"method":7})", -32600, "1", "method is not a string"},
      {R"({"jsonrpc":"2.0","id":1,"method":null})", -32600, "1", "method is not a string"},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", -32600, "", "id is null"},
      {R"({"jsonrpc":"2.0","id":1.5,"method":"ping"})", -32600, "", "id is not an integer"},
      {R"({"jsonrpc":"2.0","id":1.0,"method":"ping"})", -32600, "", "id is not an integer"},
      {R"({"jsonrpc":"2.0","id":1e3,"method":"ping"})", -32600, "", "id is not an integer"},
      {R"({"jsonrpc":"2.0","id":-0,"method":"ping"})", -32600, "", "id is minus zero"},
      {R"({"jsonrpc":"2.0","id":9007199254740993,"method":"ping"})", -32600, "",
       "id is beyond 2^53"},
      {R"({"jsonrpc":"2.0","id":-9007199254740993,"method":"ping"})", -32600, "",
       "id is beyond 2^53"},
      {R"({"jsonrpc":"2.0","id":10000000000000000,"method":"ping"})", -32600, "",
       "id is beyond 2^53"},
      {R"({"jsonrpc":"2.0","id":true,"method":"ping"})", -32600, "",
       "id is not a string or an integer"},
      {R"({"jsonrpc":"2.0","id":{},"method":"ping"})", -32600, "",
       "id is not a string or an integer"},
      {R"({"jsonrpc":"2.0","id":[1],"method":"ping"})", -32600, "",
       "id is not a string or an integer"},
      {R"({"jsonrpc":"2.0","id":"\ud800","method":"ping"})", -32600, "",
       "lone surrogate in a string"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","extra":1})", -32600, "1",
       "unknown member `extra`"},
      {R"({"jsonrpc":"2.0","id":1,"Method":"tools/call","method":"ping"})", -32600, "1",
       "unknown member `Method`"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","method":"ping"})", -32600, "1",
       "duplicate key `method`"},
      {R"({"jsonrpc":"2.0","method":"ping","\u006dethod":"tools/call","id":1})", -32600, "1",
       "duplicate key `method`"},
      {R"({"jsonrpc":"2.0","id":1,"id":2,"method":"ping"})", -32600, "1", "duplicate key `id`"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","result":{}})", -32600, "1",
       "method beside result or error"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","error":null})", -32600, "1",
       "method beside result or error"},
      {R"({"jsonrpc":"2.0","id":1,"result":{},"error":{}})", -32600, "1", "result beside error"},
      {R"({"jsonrpc":"2.0","id":1,"result":null})", -32600, "1", "result is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"error":"x"})", -32600, "1", "error is not an object"},
      {R"({"jsonrpc":"2.0","result":{}})", -32600, "", "result without id"},
      {R"({"jsonrpc":"2.0","id":1,"result":{},"params":{}})", -32600, "1",
       "params beside result or error"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":null})", -32600, "1",
       "params is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":[]})", -32600, "1",
       "params is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":"x"})", -32600, "1",
       "params is not an object"},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}})", -32600, "",
       "tools/call without id"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call"})", -32600, "1",
       "tools/call without params"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{}})", -32600, "1",
       "the tool's name is not a string"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":["a"]}})", -32600, "1",
       "the tool's name is not a string"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":[]}})",
       -32600, "1", "arguments is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":null}})",
       -32600, "1", "arguments is not an object"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"Name":"b","name":"a"}})", -32600,
       "1", "key `Name` differs from `name` by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","argumentſ":{}}})",
       -32600, "1", "key `argumentſ` differs from `arguments` by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","x":1,"X":1}})",
       -32600, "1", "keys `x` and `X` differ by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
       R"("params":{"name":"a","_meta":{"ProgressToken":1}}})",
       -32600, "1", "key `ProgressToken` differs from `progressToken` by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
       R"("params":{"name":"a","arguments":{"a":{"x":1,"X":1}}}})",
       -32600, "1", "keys `x` and `X` differ by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
       R"("params":{"name":"a","arguments":{"a":[{"x":1,"\u0078":1}]}}})",
       -32600, "1", "duplicate key `x`"},
      {R"({"jsonrpc":"2.0","id":1,"method":"tools/call",)"
       R"("params":{"name":"a","arguments":{"__proto__":{}}}})",
       -32600, "1", "the key `__proto__` is not accepted"},
      {R"({"jsonrpc":"2.0","method":"ping","params":{"a":1,"a":2},"id":"late"})", -32600,
       "\"late\"", "duplicate key `a`"},
      {R"({"jsonrpc":"2.0","id":1,"method":"ping","params":{"a":1,"a":2},)", -32700, "",
       "a key in quotes is missing"},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\r\"method\":\"ping\"}", -32600, "1",
       "carriage return outside a line ending"},
      {"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\"}\r", -32600, "1",
       "carriage return outside a line ending"},
  };
  for (const HostileRow& row : rows) CheckRefused(row, Direction::FromClient);
}

TEST_CASE("hostile answers of servers") {
  const HostileRow rows[] = {
      {"[]", -32600, "", "batches are not accepted"},
      {R"({"jsonrpc":"2.0","id":1,"result":{"tools":[],"Tools":[]}})", -32600, "1",
       "keys `tools` and `Tools` differ by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"result":{"Tools":[{"name":"hidden"}]}})", -32600, "1",
       "key `Tools` differs from `tools` by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"result":{"tools":[],"tools":[]}})", -32600, "1",
       "duplicate key `tools`"},
      {R"({"jsonrpc":"2.0","id":1,"result":{"tools":[{"name":"a","Name":"b"}]}})", -32600, "1",
       "keys `name` and `Name` differ by letter case only"},
      {R"({"jsonrpc":"2.0","id":1,"result":{"structuredContent":{"a":{"b":1,"b":1}}}})", -32600,
       "1", "duplicate key `b`"},
      {R"({"jsonrpc":"2.0","id":1,"RESULT":{},"result":{}})", -32600, "1",
       "unknown member `RESULT`"},
  };
  for (const HostileRow& row : rows) CheckRefused(row, Direction::FromServer);
}

TEST_CASE("refusals say whom to answer") {
  struct Row {
    const char* bytes;
    bool is_request;
    bool is_response;
  };
  const Row rows[] = {
      {"nonsense", true, false},
      {"[]", true, false},
      {R"({"jsonrpc":"1.0","id":1,"method":"ping"})", true, false},
      {R"({"jsonrpc":"2.0","id":null,"method":"ping"})", true, false},
      {R"({"jsonrpc":"1.0","method":"ping"})", false, false},
      {R"({"jsonrpc":"2.0","method":"tools/call","params":{"name":"a"}})", false, false},
      {R"({"jsonrpc":"1.0","id":1,"result":{}})", false, true},
      {R"({"jsonrpc":"2.0","id":1})", true, false}};
  for (const Row& row : rows) {
    CAPTURE(row.bytes);
    const auto message = Read(row.bytes);
    REQUIRE_FALSE(message);
    CHECK(message.error().is_request == row.is_request);
    CHECK(message.error().is_response == row.is_response);
  }
}

TEST_CASE("sizes have limits") {
  const auto call = [](const std::string& id, const std::string& name) {
    return R"({"jsonrpc":"2.0","id":")" + id + R"(","method":"tools/call","params":{"name":")" +
           name + "\"}}";
  };
  CHECK(Read(call(std::string(kIdBytesMax - 2, 'i'), "a")));
  const auto long_id = Read(call(std::string(kIdBytesMax - 1, 'i'), "a"));
  REQUIRE_FALSE(long_id);
  CHECK(long_id.error().reason == "id is longer than 1024 bytes");
  CHECK(long_id.error().id.empty());
  CHECK(Read(call("1", std::string(kToolNameBytesMax, 'n'))));
  const auto long_name = Read(call("1", std::string(kToolNameBytesMax + 1, 'n')));
  REQUIRE_FALSE(long_name);
  CHECK(long_name.error().reason == "the tool's name is longer than 1024 bytes");
  const std::string ping = R"({"jsonrpc":"2.0","id":1,"method":"ping"})";
  CHECK(Read(ping + std::string(kMessageBytesMax - ping.size(), ' ')));
  CHECK_FALSE(Read(ping + std::string(kMessageBytesMax - ping.size() + 1, ' ')));
}

TEST_CASE("what a refusal quotes is short and on one line") {
  const auto message =
      Read("{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"ping\",\"a\\n\\u001b[31m\\u2028`" +
           std::string(1'000, 'x') + "\":1}");
  REQUIRE_FALSE(message);
  CHECK(message.error().reason.size() < 120);
  CHECK(message.error().reason.find_first_of("\n\x1b") == std::string::npos);
  CHECK(message.error().reason.starts_with("unknown member `a??[31m??xxx"));
}

}  // namespace
}  // namespace policy::mcp
